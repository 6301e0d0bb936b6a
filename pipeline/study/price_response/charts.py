"""Figures of 08_model_price_response: yields and areas after a price change, and how well that predicts a country."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from pipeline.kit.language import Text, read_texts
from pipeline.kit.publish.estimates import Estimate, sources_of, sources_of_all
from pipeline.kit.publish.figures import BLUE, GREEN, GREY, ORANGE, Caption, draw_intervals, label, localise
from pipeline.study.names import COUNTRIES
from pipeline.study.price_response.panel import AREA
from pipeline.study.price_response.price_readings import lag_name

TEXTS = read_texts(__file__)

SERIES = {
    "price_response": (Text("Yield, all countries", "Hasil per ha, semua negara"), BLUE, -0.2),
    "price_response_indonesia": (Text("Yield, Indonesia", "Hasil per ha, Indonesia"), GREEN, 0.0),
    "area_response": (Text("Area harvested, all countries", "Luas panen, semua negara"), ORANGE, 0.2),
}
# Yields blue, Indonesia's yields green, areas and production orange.
READINGS = {
    "price_response.all": (Text("Yield: all countries (headline)", "Hasil: semua negara (utama)"), BLUE),
    "price_response.all_jackknife": (Text("leaving out year by year", "tahun demi tahun ditinggalkan"), BLUE),
    "price_response.official_only": (Text("official figures only", "hanya angka resmi"), BLUE),
    "price_response.even_weights": (Text("all figures weigh the same", "semua angka berbobot sama"), BLUE),
    "price_response.no_jumps": (Text("without jumps", "tanpa lonjakan"), BLUE),
    "price_response.new_country": (Text("a country not yet seen", "negara yang belum dilihat"), BLUE),
    "price_response.rainfall_rows": (Text("where rainfall is known", "yang curah hujannya diketahui"), BLUE),
    "price_response.with_rainfall": (Text("the same, with rainfall", "sama, dengan curah hujan"), BLUE),
    "price_response.indonesia": (Text("Indonesia among others", "Indonesia bersama negara lain"), GREEN),
    "price_response.indonesia_alone": (Text("Indonesia alone", "Indonesia saja"), GREEN),
    "area_response.all": (Text("Area: all countries", "Luas panen: semua negara"), ORANGE),
    "area_response.indonesia": (
        Text("Area: Indonesia among others", "Luas panen: Indonesia bersama negara lain"),
        ORANGE,
    ),
    "area_response.indonesia_alone": (Text("Area: Indonesia alone", "Luas panen: Indonesia saja"), ORANGE),
    "production_response.all": (Text("Production: all countries", "Produksi: semua negara"), ORANGE),
}
LAGS = Caption.read(TEXTS, "lags")
ALL_READINGS = Caption.read(TEXTS, "all_readings")
SKILL = Caption.read(TEXTS, "skill")


def cited_lags(estimates: list[Estimate]) -> tuple[str, ...]:
    """What the responses by lag cite."""
    return sources_of_all(_by_lag(estimates))


def cited_readings(estimates: list[Estimate]) -> tuple[str, ...]:
    """What the summed responses that are drawn cite."""
    return sources_of({str(estimate.key): estimate for estimate in estimates}, *READINGS)


def _by_lag(estimates: list[Estimate]) -> list[Estimate]:
    lags = {lag_name(lag) for lag in range(AREA.lags)}
    return [e for e in estimates if e.key.topic in SERIES and e.key.case[0] in lags]


def lag_rows(estimates: list[Estimate]) -> pd.DataFrame:
    """Responses by series and lag in years, with their intervals."""
    lags = {lag_name(lag): lag for lag in range(AREA.lags)}
    rows = [(e.key.topic, lags[e.key.case[0]], e.lower, e.value, e.upper) for e in _by_lag(estimates)]
    return pd.DataFrame(rows, columns=["series", "lag", "lower", "value", "upper"])


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
    by_key = {str(estimate.key): estimate for estimate in estimates}
    rows = [(key, by_key[key].lower, by_key[key].value, by_key[key].upper) for key in READINGS]
    return pd.DataFrame(rows, columns=["name", "lower", "value", "upper"])


def draw_readings(axes: Axes, data: pd.DataFrame, language: str) -> None:
    """One interval per reading, in its colour."""
    names = {key: text for key, (text, _) in READINGS.items()}
    colours = {key: colour for key, (_, colour) in READINGS.items()}
    words = Text("Change after a doubling of the price ratio (%)", "Perubahan setelah nisbah harga naik dua kali (%)")
    draw_intervals(axes, data, language, names, words, colours)
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
LEARNER_SKILL = Caption.read(TEXTS, "learner_skill")
DEPENDENCE = Caption.read(TEXTS, "dependence")


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
