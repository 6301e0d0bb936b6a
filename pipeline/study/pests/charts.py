"""Figures of 07_model_pests: the damage curve in both readings, and losses with and without control."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from scipy.special import ndtri

from pipeline.kit.data.citations import join
from pipeline.kit.data.contracts import row, sources_of_rows
from pipeline.kit.language import Text, read_texts
from pipeline.kit.publish.figures import (
    BLACK,
    BLUE,
    GREEN,
    GREY,
    ORANGE,
    PURPLE,
    Caption,
    draw_intervals,
    label,
    localise,
    reference_line,
)
from pipeline.study import known_rows
from pipeline.study.names import PEST_CONTROLS, PESTS
from pipeline.study.pests.cites import PestCites
from pipeline.study.pests.pest_control import KINDS, Control
from pipeline.study.pests.pest_losses import HIGH_SHARE, LOW_SHARE
from pipeline.study.synthesis.charts import draw_groups
from pipeline.study.synthesis.pooling import Synthesis

TEXTS = read_texts(__file__)

READINGS = {
    "sabah": (BLUE, Text("curve from Sabah", "kurva dari Sabah")),
    "aceh": (ORANGE, Text("report from Aceh Timur", "laporan dari Aceh Timur")),
    "mixture": (BLACK, Text("both, weighed", "keduanya, dibobot")),
}
# Losses that were printed without the attack behind them, and where they are drawn: beside the curve.
RANGES = {
    known_rows.LOSS_ABOVE_90_PERCENT_REVIEW: (95.0, Text("review (1980)", "tinjauan (1980)")),
    known_rows.LOSS_SABAH_TWO_FIELDS: (107.0, Text("Sabah, two fields", "Sabah, dua kebun")),
    known_rows.LOSS_SABAH_ESTATE: (114.0, Text("Sabah, estate", "Sabah, perkebunan")),
    known_rows.FALL_OF_PRODUCTION_POSO: (121.0, Text("Poso", "Poso")),
    known_rows.LOSS_EAST_KALIMANTAN_PRESS: (128.0, Text("East Kalimantan (press)", "Kalimantan Timur (berita)")),
}
DAMAGE = Caption.read(TEXTS, "damage")
LEFT = Caption.read(TEXTS, "left")
LOSSES = Caption.read(TEXTS, "losses")
COLOURS = {"pod_borer": BLUE, "black_pod": PURPLE, "dieback": GREEN}


def damage_rows(curves: pd.DataFrame, effects: pd.DataFrame, reports: pd.DataFrame) -> pd.DataFrame:
    """Curves (``kind`` curve), losses with their attack (``kind`` point) and losses without it (``kind`` range).

    ``curves`` is the table of ``damage.loss_table``; its mixture is not drawn.
    """
    drawn = curves[curves["reading"] != "mixture"].assign(kind="curve")
    points = [
        ("point", "sabah", share * 100, float(row(effects, key)["printed_value"]), row(effects, key)["source_id"])
        for key, share in (
            (known_rows.LOSS_SABAH_BELOW_60_PERCENT, LOW_SHARE),
            (known_rows.LOSS_SABAH_AT_90_PERCENT, HIGH_SHARE),
        )
    ]
    attacked, loss = (
        float(row(reports, key)["value_high"])
        for key in (known_rows.PODS_ATTACKED_ACEH_TIMUR, known_rows.LOSS_ACEH_TIMUR)
    )
    cited = join(*sources_of_rows(reports, known_rows.PODS_ATTACKED_ACEH_TIMUR, known_rows.LOSS_ACEH_TIMUR))
    points.append(("point", "aceh", attacked, loss, cited))
    marks = pd.DataFrame(points, columns=["kind", "reading", "attacked_percent", "value", "source_id"])
    ranges = [("range", key, place, *_ends(key, effects, reports)) for key, (place, _) in RANGES.items()]
    bars = pd.DataFrame(ranges, columns=["kind", "reading", "attacked_percent", "lower", "upper", "source_id"])
    return pd.concat([drawn, marks, bars], ignore_index=True)


def _ends(key: str, effects: pd.DataFrame, reports: pd.DataFrame) -> tuple[float, float, str]:
    """Both ends of a printed loss in per cent, and what they cite; one that is open above ends at everything."""
    if key in set(effects["effect_id"]):
        found = row(effects, key)
        return float(found["printed_low"]), float(found["printed_high"]), str(found["source_id"])
    found = row(reports, key)
    most = abs(float(found["value_high"])) if pd.notna(found["value_high"]) else 100.0
    return abs(float(found["value_low"])), most, str(found["source_id"])


def draw_damage(axes: Axes, data: pd.DataFrame, language: str) -> None:
    """Both curves with their bands, and the losses that were printed."""
    for reading, rows in data[data["kind"] == "curve"].groupby("reading", sort=False):
        colour, name = READINGS[str(reading)]
        axes.fill_between(rows["attacked_percent"], rows["lower"], rows["upper"], color=colour, alpha=0.2, linewidth=0)
        axes.plot(rows["attacked_percent"], rows["value"], color=colour, linewidth=2, label=name.in_language(language))
    for point in data[data["kind"] == "point"].itertuples():
        marker = "s" if point.reading == "sabah" else "D"
        axes.plot(
            point.attacked_percent, point.value, marker, color=READINGS[str(point.reading)][0], markeredgecolor="white"
        )
    for bar in data[data["kind"] == "range"].itertuples():
        _draw_range(axes, bar, language)
    axes.axvline(100, color=BLACK, linewidth=0.8)
    axes.set_xticks(range(0, 101, 20))
    axes.set_xlabel(label(language, "Pods attacked (%)", "Buah terserang (%)"))
    axes.set_ylabel(label(language, "Yield lost (%)", "Hasil hilang (%)"))
    axes.set_xlim(0, 132)
    axes.set_ylim(0, 101)
    axes.legend(fontsize=8, loc="upper left")
    localise(axes, language)


def _draw_range(axes: Axes, bar: object, language: str) -> None:
    """A printed loss as an upright bar, with its name along it where no curve runs."""
    place, low, high = bar.attacked_percent, bar.lower, bar.upper  # type: ignore[attr-defined]
    axes.plot([place, place], [low - 0.5, high + 0.5], color=BLACK, linewidth=3, solid_capstyle="butt")
    if place < 100:
        at, shift, side = (102.5, (low + high) / 2), 0, "center"
    else:
        at, shift, side = ((place, high), 4, "bottom") if high < 60 else ((place, low), -4, "top")
    axes.annotate(
        RANGES[bar.reading][1].in_language(language),  # type: ignore[attr-defined]
        at,
        xytext=(0, shift),
        textcoords="offset points",
        ha="center",
        va=side,
        rotation=90,
        fontsize=7,
    )


def left_rows(studies: pd.DataFrame, falls: Synthesis, level: float) -> pd.DataFrame:
    """One row per study (``kind`` direct or elsewhere), and two pooled ones (mean, new) per control, as shares of the
    attack that are left.

    ``studies`` comes from ``robustness.contributions``. Columns as in ``forest_rows`` of the synthesis. A control
    without a study has its prior.
    """
    reach, rows = ndtri((1 + level) / 2), []
    for name in KINDS:
        own = studies[studies["measure"] == name].sort_values("is_direct", ascending=False, kind="stable")
        for s in own.itertuples():
            ends = np.exp(-s.log_ratio + reach * s.se * np.array([-1, 0, 1]))
            rows.append(
                (name, s.study_id, "direct" if s.is_direct else "elsewhere", *ends, falls.rows_of(name, s.study_id))
            )
        for kind, mixture in (("mean", falls.mean_effect(name)), ("new", falls.new_place(name))):
            rows.append((name, kind, kind, *np.exp(-np.array(mixture.interval(level))[::-1]), None))
    return pd.DataFrame(rows, columns=["measure", "name", "kind", "lower", "value", "upper", "source_id"])


def draw_left(axes: Axes, data: pd.DataFrame, language: str) -> None:
    """Studies and pooled rows under the name of each control; ``data`` from ``left_rows``."""
    x_label = Text("Attack with the control over attack without", "Serangan dengan pengendalian dibagi serangan tanpa")
    draw_groups(axes, data, language, PEST_CONTROLS, x_label)
    axes.set_xticks([0.05, 0.1, 0.25, 0.5, 1, 2])
    localise(axes, language, "x")


def loss_rows(losses: pd.DataFrame, controls: list[Control], cites: PestCites) -> pd.DataFrame:
    """The losses with one name for each pair of pest and control, and what each cites."""
    pairs = zip(losses["pest"], losses["name"], strict=True)
    cited = [join(*cites.loss_with(pest, name, controls)) for pest, name in pairs]
    return losses.assign(control=losses["name"], name=losses["pest"] + "." + losses["name"], source_id=cited)


def draw_losses(axes: Axes, data: pd.DataFrame, language: str) -> None:
    """One interval per pest and control; the colour is that of the pest."""
    names = {
        row.name: Text(
            f"{PESTS[row.pest].en}: {PEST_CONTROLS[row.control].en}",
            f"{PESTS[row.pest].id}: {PEST_CONTROLS[row.control].id}",
        )
        for row in data.itertuples()
    }
    colours = {row.name: COLOURS[row.pest] for row in data.itertuples()}
    draw_intervals(axes, data, language, names, Text("Yield lost (%)", "Hasil hilang (%)"), colours)
    axes.set_ylabel(label(language, "Pest and control", "Hama/penyakit dan pengendalian"))


PAYING = Caption.read(TEXTS, "paying")
SLEEVING = Caption.read(TEXTS, "sleeving")
STYLES = {"pod_sleeving": (BLUE, "-"), "borer_sanitation": (GREEN, "--"), "pod_removal": (PURPLE, ":")}


def draw_paying(axes: Axes, data: pd.DataFrame, language: str) -> None:
    """One curve per control against the bean price; ``is_present`` marks the present price."""
    for name, rows in data[~data["is_present"]].groupby("name", sort=False):
        colour, style = STYLES[str(name)]
        text = PEST_CONTROLS[str(name)].in_language(language)
        axes.plot(rows["price_idr_per_kg"] / 1000, rows["chance"], style, color=colour, linewidth=2, label=text)
    axes.axhline(50, color=GREY, linewidth=1.0, linestyle=(0, (4, 3)))
    present = float(data.loc[data["is_present"], "price_idr_per_kg"].iloc[0]) / 1000
    reference_line(axes, present, label(language, "present price", "harga sekarang"))
    axes.set_xlabel(label(language, "Price of dry beans (thousand Rp/kg)", "Harga biji kering (ribu Rp/kg)"))
    axes.set_ylabel(label(language, "Chance to pay (%)", "Peluang menguntungkan (%)"))
    axes.set_ylim(0, 100)
    # Below the axes: curves may run anywhere.
    axes.legend(fontsize=8, loc="upper center", bbox_to_anchor=(0.5, -0.17), ncols=3)
    localise(axes, language, "x")


def draw_sleeving(axes: Axes, data: pd.DataFrame, language: str) -> None:
    """One curve per reading of the damage."""
    for reading, rows in data.groupby("reading", sort=False):
        colour, name = READINGS[str(reading)]
        axes.plot(rows["attacked_percent"], rows["chance"], color=colour, linewidth=2, label=name.in_language(language))
    axes.axhline(50, color=GREY, linewidth=1.0, linestyle=(0, (4, 3)))
    axes.set_xlabel(label(language, "Pods attacked today (%)", "Buah terserang saat ini (%)"))
    axes.set_ylabel(label(language, "Chance that sleeving pays (%)", "Peluang penyarungan menguntungkan (%)"))
    axes.set_xlim(0, 100)
    axes.set_ylim(0, 100)
    axes.legend(fontsize=8, loc="upper left")
