"""Figures of the learners in 08_model_price_response: share explained out of sample, and what they make of prices."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from pipeline.language import Text
from pipeline.publish.charts.common import draw_intervals, label, localise
from pipeline.publish.figures import BLUE, GREY, ORANGE, Caption

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
SKILL = Caption(
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


def draw_skill(axes: Axes, data: pd.DataFrame, language: str) -> None:
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
