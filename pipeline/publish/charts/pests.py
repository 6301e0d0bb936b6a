"""Figures of 07_model_pests: the damage curve, and when sleeving pays."""

import pandas as pd
from matplotlib.axes import Axes

from pipeline.language import Text
from pipeline.publish.charts.common import label, localise
from pipeline.publish.figures import BLUE, GREEN, ORANGE, PURPLE, Caption

DAMAGE = Caption(
    title=Text("Yield lost to the pod borer", "Hasil yang hilang karena PBK"),
    caption=Text(
        "Line and band: the damage curve from Sabah with its uncertainty. Marks: losses that were reported "
        "together with an attack; an intensity is not a share of pods, so these need not lie on the curve.",
        "Garis dan pita: kurva kerusakan dari Sabah beserta ketidakpastiannya. Tanda: kehilangan yang "
        "dilaporkan bersama serangannya; intensitas bukan bagian buah terserang, jadi tidak harus jatuh pada "
        "kurva.",
    ),
    alt=Text(
        "Curve and band of yield loss against the share of pods attacked, with a mark for each loss that was reported.",
        "Kurva dan pita kehilangan hasil menurut bagian buah terserang, dengan tanda untuk tiap kehilangan "
        "yang dilaporkan.",
    ),
)
SLEEVING = Caption(
    title=Text("Chance that sleeving pays", "Peluang penyarungan menguntungkan"),
    caption=Text(
        "By the share of pods attacked today, for three farm-gate prices of dry beans. Labour for sleeving is "
        "an assumption, drawn from half to double.",
        "Menurut bagian buah terserang saat ini, untuk tiga harga biji kering di tingkat petani. Tenaga kerja "
        "penyarungan adalah asumsi, diambil dari separuh sampai dua kali lipat.",
    ),
    alt=Text(
        "Three curves of the chance that sleeving pays against the share of pods attacked, one for each "
        "price of beans.",
        "Tiga kurva peluang penyarungan menguntungkan menurut bagian buah terserang, satu untuk tiap harga biji.",
    ),
)
PRICES = {
    "low": (PURPLE, Text("low price", "harga rendah")),
    "present": (BLUE, Text("present price", "harga sekarang")),
    "peak": (ORANGE, Text("peak price", "harga puncak")),
}


def damage_rows(curve: pd.DataFrame, reports: pd.DataFrame) -> pd.DataFrame:
    """The damage curve (``kind`` curve) and attack with loss as reported in one place (``kind`` report)."""
    borer = reports[reports["pest"] == "cocoa_pod_borer"]
    chosen = borer[borer["quantity"].isin(["intensity", "yield_loss"]) & (borer["unit"] == "%")]
    wide = chosen.groupby(["region", "source_id", "quantity"])["value_high"].max().unstack().dropna().reset_index()
    points = pd.DataFrame(
        {"kind": "report", "attacked": wide["intensity"], "value": wide["yield_loss"], "label": wide["region"]}
    )
    return pd.concat([curve.assign(kind="curve"), points], ignore_index=True)


def draw_damage(axes: Axes, data: pd.DataFrame, language: str) -> None:
    """The curve with its band, and reports as marks with their place."""
    curve = data[data["kind"] == "curve"]
    axes.fill_between(curve["attacked"], curve["lower"], curve["upper"], color=BLUE, alpha=0.2, linewidth=0)
    axes.plot(curve["attacked"], curve["value"], color=BLUE, linewidth=2)
    for row in data[data["kind"] == "report"].itertuples():
        axes.plot(row.attacked, row.value, "D", color=ORANGE)
        axes.annotate(
            str(row.label),
            (row.attacked, row.value),
            xytext=(-6, 0),
            textcoords="offset points",
            ha="right",
            fontsize=8,
        )
    axes.set_xlabel(label(language, "Pods attacked (%)", "Buah terserang (%)"))
    axes.set_ylabel(label(language, "Yield lost (%)", "Hasil hilang (%)"))
    axes.set_xlim(0, 100)
    axes.set_ylim(0, None)
    localise(axes, language)


def draw_sleeving(axes: Axes, data: pd.DataFrame, language: str) -> None:
    """One curve per price of beans."""
    for key, (colour, name) in PRICES.items():
        rows = data[data["price"] == key]
        axes.plot(rows["attacked"], rows["chance"], color=colour, linewidth=2, label=name.in_language(language))
    axes.axhline(50, color=GREEN, linewidth=1.0, linestyle=(0, (4, 3)))
    axes.set_xlabel(label(language, "Pods attacked today (%)", "Buah terserang saat ini (%)"))
    axes.set_ylabel(label(language, "Chance that sleeving pays (%)", "Peluang penyarungan menguntungkan (%)"))
    axes.set_xlim(0, 100)
    axes.set_ylim(0, 100)
    axes.legend(fontsize=8)
