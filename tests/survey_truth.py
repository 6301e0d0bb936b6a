"""Made-up districts whose truth is known, and the KoboToolbox workbook of a survey of them.

Nothing of the importer or of the model is used here, so that neither is checked against itself: what practices do is
said in factors of the yield, and what the borer takes is read off a list. Nobody was asked; every name is made up.
"""

import io
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import openpyxl

# Share of the yield that is lost, by the share of pods attacked.
GRADUAL = {0.0: 0.0, 0.3: 0.14, 0.5: 0.28, 0.6: 0.36, 0.7: 0.45, 0.8: 0.55, 0.9: 0.67, 1.0: 0.81}
STEEP = {0.0: 0.0, 0.5: 0.01, 0.6: 0.03, 0.7: 0.09, 0.8: 0.20, 0.9: 0.40, 1.0: 0.75}
HARMLESS = {0.0: 0.0, 1.0: 0.0}
FULL_DOSE = 400
VILLAGES = {
    "muara_wahau": ["jak_luay", "nehes_liah_bing", "dabeq", "diaq_lay", "benhes", "wanasari", "wahau_baru"],
    "muara_ancalong": ["senyiur", "kelinjau_ilir", "kelinjau_ulu", "long_nah", "long_tesak", "gemar_baru"],
    "muara_bengkal": ["senambah", "ngayau", "muara_bengkal_ilir", "muara_bengkal_ulu", "benua_baru", "mulupan"],
}
PLACES = [(subdistrict, village) for subdistrict, villages in VILLAGES.items() for village in villages]
OFFICERS = 6
# Factors of the yield from the worst village to the best, and from the hardest officer to the kindest.
OF_VILLAGES, OF_OFFICERS = np.linspace(0.8, 1.25, len(PLACES)), np.linspace(0.93, 1.07, OFFICERS)
OF_MATERIAL = {"seedling": 1.0, "clone": 1.2, "side_grafted": 1.1}
OF_SHADE = {"light": 1.0, "heavy": 0.85}
# Every share of pods attacked between these is as common.
LEAST_ATTACKED, MOST_ATTACKED = 0.05, 0.95
# Spread of the log yield between plots that are alike, and between what a farmer says at one visit and at another.
PLOT, MEMORY = 0.18, 0.03
VISITS = ("2026-11-19", "2026-08-13", "2026-05-21")
MAIN = (
    *("OFFICE/visit_date", "OFFICE/enumerator", "CONSENT/consent", "FARM/farm_code", "FARM/farmer_name"),
    *("FARM/farmer_phone", "FARM/plot_number", "FARM/subdistrict", "FARM/village", "FARM/position", "PLOT/area_unit"),
    *("PLOT/area_value", "PLOT/area_mature_share_percent", "PLOT/tree_count", "PLOT/age_years"),
    *("PLOT/planting_material", "PLOT/shade", "YIELD/harvest_any", "YIELD_CHECK/harvest_complete"),
    *("NUTRIENTS/fertilizer_used", "PESTS/pods_counted", "PESTS/pods_borer", "PESTS/pods_black_pod"),
    *("PESTS/trees_checked", "PESTS/trees_dieback", "TECHNIQUE/pruning", "TECHNIQUE/sanitation", "KNOWLEDGE/training"),
    *("_uuid", "_submission_time", "_index"),
)
HARVEST = (
    *("HARVEST/harvest_month_from", "HARVEST/harvest_month_to", "HARVEST/harvest_unit", "HARVEST/harvest_value"),
    *("HARVEST/harvest_state", "_index", "_parent_index", "_submission__uuid"),
)
FERTILIZER = (
    *("FERTILIZER/fertilizer_kind", "FERTILIZER/fertilizer_basis", "FERTILIZER/fertilizer_unit"),
    *("FERTILIZER/fertilizer_value", "_index", "_parent_index", "_submission__uuid"),
)


@dataclass(frozen=True)
class Truth:
    """Factors of the yield (1: nothing happens), loss by share of pods attacked, and kg/ha of a plain plot."""

    fertilizer: float = 1.4
    pruning: float = 1.1
    sanitation: float = 1.1
    training: float = 1.25
    loss: dict[float, float] = field(default_factory=lambda: GRADUAL)
    plain: float = 600.0

    def mean_yield(self) -> float:
        """Mean yield of the district in kg/ha: the mean of each factor, as all are drawn apart."""
        attacked = np.linspace(LEAST_ATTACKED, MOST_ATTACKED, 1001)
        left = 1 - np.interp(attacked, list(self.loss), list(self.loss.values())).mean()
        kind = np.mean(list(OF_MATERIAL.values())) * np.mean(list(OF_SHADE.values()))
        done = np.prod([(1 + factor) / 2 for factor in (self.fertilizer, self.pruning, self.sanitation, self.training)])
        place = OF_VILLAGES.mean() * OF_OFFICERS.mean()
        return float(self.plain * left * kind * done * place * np.exp(PLOT**2 / 2))


NOTHING_WORKS = Truth(1.0, 1.0, 1.0, 1.0, HARMLESS)


def farms(truth: Truth, count: int, seed: int) -> list[dict[str, Any]]:
    """Farms of one plot each: what they are, what they do by lot, and their ``yield`` in kg/ha of dry beans."""
    rng = np.random.default_rng(seed)
    return [_farm(truth, number, rng) for number in range(count)]


def _farm(truth: Truth, number: int, rng: np.random.Generator) -> dict[str, Any]:
    farm: dict[str, Any] = {
        "number": number,
        "place": number % len(PLACES),
        "officer": int(rng.integers(OFFICERS)),
        "area": float(rng.choice([0.5, 0.8, 1.0, 1.5, 2.0])),
        "mature": int(rng.choice([80, 100])),
        "material": str(rng.choice(list(OF_MATERIAL))),
        "shade": str(rng.choice(list(OF_SHADE))),
        "attacked": float(rng.uniform(LEAST_ATTACKED, MOST_ATTACKED)),
        "training": str(rng.choice(["none", "extension_talk", "field_school", "extension_talk demo_plot"])),
    }
    farm |= {name: bool(rng.random() < 0.5) for name in ("fertilizer", "pruning", "sanitation")}
    return farm | {"yield": _expected(truth, farm) * float(np.exp(rng.normal(0, PLOT)))}


def _expected(truth: Truth, farm: dict[str, Any]) -> float:
    """Yield in kg/ha of a farm without chance."""
    left = 1 - np.interp(farm["attacked"], list(truth.loss), list(truth.loss.values()))
    place = OF_VILLAGES[farm["place"]] * OF_OFFICERS[farm["officer"]]
    kind = OF_MATERIAL[farm["material"]] * OF_SHADE[farm["shade"]]
    done = np.prod([getattr(truth, name) for name in ("fertilizer", "pruning", "sanitation") if farm[name]])
    taught = truth.training if "field_school" in farm["training"] or "demo_plot" in farm["training"] else 1.0
    return float(truth.plain * left * place * kind * done * taught)


def workbook(visited: list[dict[str, Any]], visits: int = 1, seed: int = 5) -> bytes:
    """The XLSX that KoboToolbox makes of ``visits`` to each farm, the last one first."""
    rng = np.random.default_rng(seed)
    sheets: dict[str, list[tuple[Any, ...]]] = {"plot_visit": [MAIN], "HARVEST": [HARVEST], "FERTILIZER": [FERTILIZER]}
    for day in VISITS[:visits]:
        for farm in visited:
            _visit(sheets, farm, day, rng)
    book = openpyxl.Workbook(write_only=True)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    memory = io.BytesIO()
    book.save(memory)
    return memory.getvalue()


def _visit(sheets: dict[str, list[tuple[Any, ...]]], farm: dict[str, Any], day: str, rng: np.random.Generator) -> None:
    """Add one visit to a farm to all sheets."""
    index, number = len(sheets["plot_visit"]), farm["number"]
    id = f"7a1c{index:04x}-0000-4000-8000-{number:012x}"
    subdistrict, village = PLACES[farm["place"]]
    who = (day, f"P{farm['officer']}", "yes", None, f"Contoh {_letters(number)}", f"0812{6660000 + number}", None)
    plot = (subdistrict, village, None, "ha", farm["area"], farm["mature"], int(farm["area"] * 900), 12)
    pods = (200, int(rng.binomial(200, farm["attacked"])), 10, 20, 1)
    kind = (farm["material"], farm["shade"], "yes", "yes", "yes" if farm["fertilizer"] else "no")
    done = (2 * farm["pruning"], 12 * farm["sanitation"], farm["training"])
    sheets["plot_visit"].append((*who, *plot, *kind, *pods, *done, id, f"{day}T17:30:00", index))
    said = farm["yield"] * farm["area"] * farm["mature"] / 100 * float(np.exp(rng.normal(0, MEMORY)))
    first, last = f"{int(day[:4]) - 1}{day[4:7]}-01", f"{day[:4]}-{int(day[5:7]) - 1:02}-01"
    sheets["HARVEST"].append((first, last, "kg", round(said), "dry", index, index, id))
    if farm["fertilizer"]:
        row = len(sheets["FERTILIZER"])
        sheets["FERTILIZER"].append(("urea", "per_plot", "kg", FULL_DOSE * farm["area"], row, index, id))


def _letters(number: int) -> str:
    return "".join("ABCDEFGHIJ"[int(digit)] for digit in str(number))
