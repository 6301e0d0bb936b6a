"""Figures of 11_validation: positions of simulated truths, studies left out, and how often intervals hold."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from scipy.stats import binom

from pipeline.kit.language import Text
from pipeline.kit.publish.figures import BLUE, GREEN, GREY, ORANGE, Caption
from pipeline.study.axes import label, localise
from pipeline.study.names import POOLED_MEASURES
from pipeline.study.validation.estimates import BAND

RANKS = Caption(
    title=Text("Where simulated truths fall in their posterior", "Letak kebenaran simulasi dalam posteriornya"),
    caption=Text(
        "Effects simulated from the priors (synthetic, for this check only) and fitted again. If intervals hold, bars "
        "are level; the band holds 90 % of level bars of as many independent truths.",
        "Pengaruh disimulasikan dari prior (data buatan, hanya untuk pemeriksaan ini) lalu ditaksir lagi. Bila selang "
        "benar, batang rata; pita memuat 90 % batang rata dari kebenaran bebas sebanyak itu.",
    ),
    alt=Text(
        "Two histograms of positions between zero and one, for the mean over places and for a new place, over the band "
        "expected of even positions.",
        "Dua histogram letak antara nol dan satu, untuk rerata semua tempat dan untuk tempat baru, di atas pita yang "
        "diharapkan bila merata.",
    ),
)
LEFT_OUT = Caption(
    title=Text("Each study, foretold by the others", "Tiap penelitian, diramalkan oleh yang lain"),
    caption=Text(
        "Thick line: 80 % interval of the forecast; thin line: 95 %. Diamond: what the study found; orange when it "
        "lies outside the 80 % interval. The number is how many studies of the measure were left.",
        "Garis tebal: selang ramalan 80 %; garis tipis: 95 %. Belah ketupat: temuan penelitian; jingga bila di luar "
        "selang 80 %. Angka menunjukkan jumlah penelitian tindakan itu yang tersisa.",
    ),
    alt=Text(
        "Interval plot with one row per study: the forecast of its yield ratio from all other studies and the ratio "
        "that it found.",
        "Diagram selang, satu baris per penelitian: ramalan rasio hasilnya dari semua penelitian lain dan rasio yang "
        "ditemukannya.",
    ),
)
COVERAGE = Caption(
    title=Text("How often intervals hold", "Seberapa sering selang mencakup kebenaran"),
    caption=Text(
        "Dot: share of truths inside; line: what the number of truths leaves open (90 %). Dashed: the share that was "
        "claimed. Grey: the band that is called good for 80 % intervals.",
        "Titik: bagian kebenaran yang tercakup; garis: ketidakpastian karena jumlahnya (90 %). Garis putus: bagian "
        "yang dijanjikan. Abu-abu: pita yang disebut baik untuk selang 80 %.",
    ),
    alt=Text(
        "Interval plot of coverage in per cent, for simulated truths, studies left out and countries left out, at 80 "
        "and 95 %.",
        "Diagram selang cakupan dalam persen, untuk kebenaran simulasi, penelitian yang ditinggalkan, dan negara yang "
        "ditinggalkan, pada 80 dan 95 %.",
    ),
)
TESTS = {
    "simulated_mean": Text("simulated, mean", "simulasi, rerata"),
    "simulated_new": Text("simulated, new place", "simulasi, tempat baru"),
    "studies": Text("studies left out", "penelitian ditinggalkan"),
    "countries": Text("countries left out", "negara ditinggalkan"),
}


def draw_ranks(axes: Axes, data: pd.DataFrame, language: str) -> None:
    """Counts per bin (``middle``, ``count``) of two quantities (``quantity`` mean or new_place)."""
    names = {
        "mean": (BLUE, label(language, "mean over places", "rerata semua tempat")),
        "new_place": (ORANGE, label(language, "new place", "tempat baru")),
    }
    for quantity, (colour, text) in names.items():
        rows = data[data["quantity"] == quantity]
        axes.step(rows["middle"], rows["count"], where="mid", color=colour, linewidth=1.8, label=text)
    bins, total = len(rows), int(rows["count"].sum())
    low, high = binom.ppf([0.05, 0.95], total, 1 / bins)
    axes.axhspan(low, high, color="#D9D9D9", label=label(language, "expected if even", "bila merata"), zorder=0)
    axes.set_ylim(0, None)
    axes.set_xlabel(label(language, "Probability below the truth", "Peluang di bawah kebenaran"))
    axes.set_ylabel(label(language, "Simulated truths", "Jumlah kebenaran simulasi"))
    axes.legend(fontsize=8, loc="lower right")
    localise(axes, language, "x")
    localise(axes, language)


def draw_left_out(axes: Axes, data: pd.DataFrame, language: str) -> None:
    """Forecast and finding per study; ``data`` from ``left_out.leave_one_study_out``, as ratios on a log axis."""
    rows = data.reset_index(drop=True)
    places = np.arange(len(rows))
    axes.hlines(places, np.exp(rows["lower95"]), np.exp(rows["upper95"]), colors=BLUE, linewidth=1.1)
    axes.hlines(places, np.exp(rows["lower80"]), np.exp(rows["upper80"]), colors=BLUE, linewidth=4.0, alpha=0.55)
    inside = rows["position"].between(0.1, 0.9)
    for is_inside, colour in ((True, GREEN), (False, ORANGE)):
        chosen = inside == is_inside
        axes.plot(np.exp(rows.loc[chosen, "log_ratio"]), places[chosen], "D", color=colour, markersize=5)
    names = [
        f"{POOLED_MEASURES[row.measure].in_language(language)}: {row.study_id} ({row.others})"
        for row in rows.itertuples()
    ]
    axes.set_yticks(places, names, fontsize=7.5)
    axes.invert_yaxis()
    axes.axvline(1, color=GREY, linewidth=0.9)
    axes.set_xscale("log")
    axes.set_xticks([0.2, 0.5, 1, 2, 5])
    axes.minorticks_off()
    axes.set_xlabel(label(language, "Yield with over yield without", "Hasil dengan tindakan dibagi hasil tanpa"))
    axes.set_ylabel(label(language, "Study left out", "Penelitian yang ditinggalkan"))
    axes.grid(axis="y", visible=False)
    localise(axes, language, "x")


def draw_coverage(axes: Axes, data: pd.DataFrame, language: str) -> None:
    """Coverage at both levels, one row per test; ``data`` from ``publish.validation.coverage_rows``."""
    order = {name: place for place, name in enumerate(TESTS)}
    axes.axvspan(100 * BAND[0], 100 * BAND[1], color="#E3E3E3", zorder=0)
    for nominal, colour, shift in ((80.0, BLUE, -0.12), (95.0, GREEN, 0.12)):
        rows = data[data["nominal"] == nominal]
        places = [order[name] + shift for name in rows["name"]]
        axes.hlines(places, rows["lower"], rows["upper"], colors=colour, linewidth=2)
        text = label(language, f"{nominal:g} % intervals", f"selang {nominal:g} %")
        axes.plot(rows["value"], places, "o", color=colour, label=text)
        axes.axvline(nominal, color=colour, linewidth=1.0, linestyle=(0, (4, 3)))
    axes.set_yticks(list(order.values()), [text.in_language(language) for text in TESTS.values()])
    axes.invert_yaxis()
    axes.set_xlabel(label(language, "Truths inside the interval (%)", "Kebenaran di dalam selang (%)"))
    axes.set_ylabel(label(language, "Test", "Uji"))
    axes.grid(axis="y", visible=False)
    axes.legend(fontsize=8, loc="lower left")
    localise(axes, language, "x")
