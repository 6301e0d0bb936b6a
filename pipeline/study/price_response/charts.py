"""Figures of 08_model_price_response: yields and areas after a price change, and how well that predicts a country."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from pipeline.kit.language import Text
from pipeline.kit.publish.estimates import Estimate
from pipeline.kit.publish.figures import BLUE, GREEN, GREY, ORANGE, Caption
from pipeline.study.axes import draw_intervals, label, localise
from pipeline.study.names import COUNTRIES

SERIES = {
    "price_response": (Text("Yield, all countries", "Hasil per ha, semua negara"), BLUE, -0.2),
    "price_response_indonesia": (Text("Yield, Indonesia", "Hasil per ha, Indonesia"), GREEN, 0.0),
    "area_response": (Text("Area harvested, all countries", "Luas panen, semua negara"), ORANGE, 0.2),
}
READINGS = {
    "price_response.all": Text("Yield: all countries (headline)", "Hasil: semua negara (utama)"),
    "price_response.all_jackknife": Text("leaving out year by year", "tahun demi tahun ditinggalkan"),
    "price_response.official_only": Text("official figures only", "hanya angka resmi"),
    "price_response.even_weights": Text("all figures weigh the same", "semua angka berbobot sama"),
    "price_response.no_jumps": Text("without jumps", "tanpa lonjakan"),
    "price_response.new_country": Text("a country not yet seen", "negara yang belum dilihat"),
    "price_response.rainfall_rows": Text("where rainfall is known", "yang curah hujannya diketahui"),
    "price_response.with_rainfall": Text("the same, with rainfall", "sama, dengan curah hujan"),
    "price_response.indonesia": Text("Indonesia among others", "Indonesia bersama negara lain"),
    "price_response.indonesia_alone": Text("Indonesia alone", "Indonesia saja"),
    "area_response.all": Text("Area: all countries", "Luas panen: semua negara"),
    "area_response.indonesia": Text("Area: Indonesia among others", "Luas panen: Indonesia bersama negara lain"),
    "area_response.indonesia_alone": Text("Area: Indonesia alone", "Luas panen: Indonesia saja"),
    "production_response.all": Text("Production: all countries", "Produksi: semua negara"),
}
LAGS = Caption(
    title=Text("Yield and area after the price ratio doubles", "Hasil dan luas setelah nisbah harga naik dua kali"),
    caption=Text(
        "Change in each year after cocoa has become twice as dear in fertilizer, with intervals. Among so "
        "many of them, chance alone can put one or two outside zero.",
        "Perubahan pada tiap tahun setelah harga kakao terhadap pupuk naik dua kali, dengan selangnya. Di antara "
        "sekian selang, satu atau dua dapat jatuh di luar nol karena kebetulan saja.",
    ),
    alt=Text(
        "Intervals of the change in yield of all countries and of Indonesia for lags of zero to four years, and in "
        "area for lags of zero to six years, with a line at zero.",
        "Selang perubahan hasil semua negara dan Indonesia untuk jeda nol sampai empat tahun, dan perubahan luas "
        "untuk jeda nol sampai enam tahun, dengan garis pada nol.",
    ),
)
ALL_READINGS = Caption(
    title=Text("One response, read in several ways", "Satu tanggapan, beberapa cara membaca"),
    caption=Text(
        "Change after a doubling of the price of cocoa against fertilizer, summed over five years for yield and over "
        "seven for area and production.",
        "Perubahan setelah harga kakao terhadap pupuk naik dua kali, dijumlahkan selama lima tahun untuk hasil dan "
        "tujuh tahun untuk luas panen dan produksi.",
    ),
    alt=Text(
        "Intervals of the summed change for several choices of countries, rows and methods, with a line at zero.",
        "Selang perubahan total untuk beberapa pilihan negara, data dan metode, dengan garis pada nol.",
    ),
)
SKILL = Caption(
    title=Text(
        "Does a price change predict yields elsewhere?",
        "Apakah perubahan harga meramalkan hasil negara lain?",
    ),
    caption=Text(
        "For every country, what a model fitted to all others explains of its yearly changes. Zero is the "
        "forecast that nothing changes; left of it the model is worse.",
        "Untuk tiap negara, berapa perubahan tahunannya yang dijelaskan model dari semua negara lain. Nol "
        "adalah ramalan bahwa tidak ada perubahan; di kirinya model lebih buruk.",
    ),
    alt=Text(
        "Dot plot with one dot per country of the share of its yearly changes that the model explains, with "
        "a line at zero.",
        "Diagram titik, satu titik per negara, bagian perubahan tahunannya yang dijelaskan model, dengan "
        "garis pada nol.",
    ),
)


def lag_rows(estimates: list[Estimate]) -> pd.DataFrame:
    """Responses by series and lag in years, with their intervals."""
    split = [(*e.key.split(".lag_"), e.lower, e.value, e.upper) for e in estimates if ".lag_" in e.key]
    rows = pd.DataFrame(split, columns=["series", "lag", "lower", "value", "upper"]).astype({"lag": "int64"})
    return rows[rows["series"].isin(SERIES)].reset_index(drop=True)


def draw_lags(axes: Axes, data: pd.DataFrame, language: str) -> None:
    """One interval per series and lag, side by side."""
    for name, (text, colour, shift) in SERIES.items():
        own = data[data["series"] == name]
        axes.vlines(own["lag"] + shift, own["lower"], own["upper"], color=colour, linewidth=2.2)
        axes.scatter(own["lag"] + shift, own["value"], color=colour, s=30, zorder=3, label=text.in_language(language))
    axes.axhline(0, color=GREY, linewidth=0.9)
    axes.set_xticks(sorted(set(data["lag"])))
    axes.set_xlabel(label(language, "Years after the price change", "Tahun setelah perubahan harga"))
    axes.set_ylabel(label(language, "Change (%)", "Perubahan (%)"))
    axes.margins(y=0.16)
    axes.legend(loc="upper center", ncols=3, fontsize=7.5, columnspacing=1.2, handletextpad=0.3)
    axes.grid(axis="x", visible=False)
    localise(axes, language)


def reading_rows(estimates: list[Estimate]) -> pd.DataFrame:
    """Summed responses in the order they are drawn."""
    by_key = {estimate.key: estimate for estimate in estimates}
    rows = [(key, by_key[key].lower, by_key[key].value, by_key[key].upper) for key in READINGS]
    return pd.DataFrame(rows, columns=["name", "lower", "value", "upper"])


def draw_readings(axes: Axes, data: pd.DataFrame, language: str) -> None:
    """One interval per reading; yields blue, Indonesia's yields green, areas and production orange."""
    colours = {name: GREEN if "indonesia" in name else BLUE for name in data["name"]}
    colours |= {name: ORANGE for name in data["name"] if not name.startswith("price_response")}
    words = Text("Change after a doubling of the price ratio (%)", "Perubahan setelah nisbah harga naik dua kali (%)")
    draw_intervals(axes, data, language, READINGS, words, colours)
    axes.set_ylabel(label(language, "Reading", "Cara membaca"))


def draw_skill(axes: Axes, data: pd.DataFrame, language: str) -> None:
    """One dot per country, best first; zero is the forecast that nothing changes."""
    ordered = data[data["country"] != "all"].sort_values("r2", ascending=False, kind="stable").reset_index(drop=True)
    colours = [BLUE if value > 0 else ORANGE for value in ordered["r2"]]
    axes.scatter(ordered["r2"] * 100, ordered.index, c=colours, s=30, zorder=3)
    names = [COUNTRIES[country].in_language(language) for country in ordered["country"]]
    axes.set_yticks(ordered.index, names, fontsize=7.5)
    axes.invert_yaxis()
    axes.axvline(0, color=GREY, linewidth=0.9)
    axes.set_xlabel(label(language, "Squared changes explained (%)", "Kuadrat perubahan yang dijelaskan (%)"))
    axes.set_ylabel(label(language, "Country left out", "Negara yang ditinggalkan"))
    axes.grid(axis="y", visible=False)
    localise(axes, language, "x")


COLOURS = {"linear": ORANGE, "boosted": BLUE}
NAMES = {"linear": Text("Linear (ridge)", "Linear (ridge)"), "boosted": Text("Boosted trees", "Pohon boosting")}
TESTS = {
    "countries": Text("other countries", "negara lain"),
    "years": Text("later years", "tahun kemudian"),
}
KNOWN = {
    "prices": Text("prices, climate", "harga, iklim"),
    "past": Text("also past yields", "juga hasil lampau"),
}
LEARNER_SKILL = Caption(
    title=Text("What learners explain out of sample", "Penjelasan model di luar data latih"),
    caption=Text(
        "Share of squared yearly changes in national yield explained, against the forecast of no change (zero); left "
        "of it a learner is worse. Tested on countries, or on later years, that it was not trained on; intervals from "
        "resampling countries.",
        "Bagian kuadrat perubahan hasil nasional tahunan yang dijelaskan, terhadap ramalan tanpa perubahan (nol); di "
        "kirinya model lebih buruk. Diuji pada negara, atau tahun sesudahnya, yang tidak dipakai melatih; selang dari "
        "pengambilan ulang negara.",
    ),
    alt=Text(
        "Intervals of the share explained for two learners, two tests and two sets of features, with a line at zero.",
        "Selang bagian yang dijelaskan untuk dua model, dua cara uji dan dua susunan peubah, dengan garis pada nol.",
    ),
)
DEPENDENCE = Caption(
    title=Text("What learners make of the recent price ratio", "Arti nisbah harga terakhir menurut model"),
    caption=Text(
        "Mean predicted change in yield when the price ratio has changed by this much in three years, less that at the "
        "median; bands from learners trained on resampled countries. Boosted trees may not fall with it: that is a "
        "constraint, not a finding.",
        "Rata-rata perubahan hasil yang diramalkan bila nisbah harga berubah sebesar ini dalam tiga tahun, dikurangi "
        "nilai pada median; pita dari model yang dilatih pada negara yang diambil ulang. Pohon boosting tidak boleh "
        "turun: itu kendala, bukan temuan.",
    ),
    alt=Text(
        "Two curves with bands of the predicted change in yield against the change in the price ratio.",
        "Dua kurva dengan pita perubahan hasil yang diramalkan terhadap perubahan nisbah harga.",
    ),
)


def draw_learner_skill(axes: Axes, data: pd.DataFrame, language: str) -> None:
    """One interval per learner, test and set of features; the colour tells the learner."""
    ordered = data.sort_values(["features", "test", "learner"], ascending=[False, True, True], kind="stable")
    name = ordered["learner"] + "." + ordered["test"] + "." + ordered["features"]
    lines = zip(ordered["features"], ordered["test"], strict=True)
    texts = {
        key: Text(*(f"{KNOWN[known].in_language(part)}; {TESTS[test].in_language(part)}" for part in ("en", "id")))
        for key, (known, test) in zip(name, lines, strict=True)
    }
    colours = {key: COLOURS[learner] for key, learner in zip(name, ordered["learner"], strict=True)}
    words = Text("Squared changes explained (%)", "Kuadrat perubahan yang dijelaskan (%)")
    bounds = ordered[["lower", "value", "upper"]] * 100
    draw_intervals(axes, bounds.assign(name=name), language, texts, words, colours)
    for learner, text in NAMES.items():
        axes.scatter([], [], color=COLOURS[learner], s=36, label=text.in_language(language))
    axes.legend(loc="upper right")
    axes.set_ylabel(label(language, "Features; tested on", "Peubah; diuji pada"))


def draw_dependence(axes: Axes, data: pd.DataFrame, language: str) -> None:
    """One curve with its band per learner; the price ratio as a factor on a log scale."""
    for name, own in data.groupby("learner", sort=False):
        factor, colour = np.exp(own["x"]), COLOURS[str(name)]
        axes.fill_between(factor, own["lower"] * 100, own["upper"] * 100, color=colour, alpha=0.18, linewidth=0)
        axes.plot(factor, own["value"] * 100, color=colour, linewidth=2, label=NAMES[str(name)].in_language(language))
    axes.axhline(0, color=GREY, linewidth=0.9)
    axes.set_xscale("log")
    axes.set_xticks([0.4, 0.5, 0.7, 1, 1.5, 2, 3])
    axes.minorticks_off()
    axes.set_xlabel(
        label(language, "Price ratio, times that of three years before", "Nisbah harga, kali tiga tahun sebelumnya")
    )
    axes.set_ylabel(label(language, "Predicted change in yield (%)", "Perubahan hasil yang diramalkan (%)"))
    axes.legend(loc="upper left")
    localise(axes, language)
    localise(axes, language, "x")
