"""Figures of 07_model_pests: at which bean price and at which attack a control pays."""

import pandas as pd
from matplotlib.axes import Axes

from pipeline.language import Text
from pipeline.publish.charts.common import label, localise, reference_line
from pipeline.publish.charts.pests import READINGS
from pipeline.publish.figures import BLUE, GREEN, GREY, PURPLE, Caption
from pipeline.publish.names import PEST_CONTROLS

PAYING = Caption(
    title=Text("Chance that a control pays, by bean price", "Peluang pengendalian menguntungkan menurut harga biji"),
    caption=Text(
        "On a mature hectare that has the pest, wage of {month}; only controls whose labour can be priced. Labour "
        "and sleeves are assumptions, drawn from half to double. Broken lines rest on a claim or on trials in "
        "Africa. Dashed: even odds, and the present farm-gate price.",
        "Pada hektare TM yang terserang, upah {month}; hanya pengendalian yang tenaga kerjanya dapat dihargai. "
        "Tenaga kerja dan sarung adalah asumsi, diambil dari separuh sampai dua kali lipat. Garis terputus bersandar "
        "pada klaim atau percobaan di Afrika. Garis kelabu: peluang separuh, dan harga petani sekarang.",
    ),
    alt=Text(
        "A curve for each control of the chance that it pays against the farm-gate price of dry beans.",
        "Satu kurva untuk tiap pengendalian: peluang menguntungkan menurut harga biji kering di tingkat petani.",
    ),
)
SLEEVING = Caption(
    title=Text("Chance that sleeving pays, by attack", "Peluang penyarungan menguntungkan menurut serangan"),
    caption=Text(
        "At the farm-gate price of dry beans of {day}, by the share of pods attacked today, for each reading "
        "of the damage curve. Labour and sleeves are assumptions, drawn from half to double.",
        "Pada harga biji kering di tingkat petani {day}, menurut bagian buah terserang saat ini, untuk tiap "
        "bacaan kurva kerusakan. Tenaga kerja dan sarung adalah asumsi, diambil dari separuh sampai dua kali lipat.",
    ),
    alt=Text(
        "Three curves of the chance that sleeving pays against the share of pods attacked, one for each "
        "reading of the damage curve.",
        "Tiga kurva peluang penyarungan menguntungkan menurut bagian buah terserang, satu untuk tiap bacaan kurva.",
    ),
)
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
