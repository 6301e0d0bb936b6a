"""What the columns of result tables, and of the data behind figures, hold: meaning, unit, and whether they are chosen.

A table is named ``STAGE/TABLE``, or ``STAGE/figures/TABLE`` where a table and a figure of one name differ; its meanings
stand in ``columns.yaml``. A column that is handed on from a clean table keeps the meaning of its contract.
"""

from functools import cache
from pathlib import Path
from typing import Any

from pipeline.kit.data.contracts import Column
from pipeline.kit.language import Text, read_texts
from pipeline.study.evidence.tables import EFFECTS
from pipeline.study.names import MEASURES, PEST_CONTROLS, PEST_OF_CONTROL, PESTS, POOLED_MEASURES, REGENCIES
from pipeline.study.prices.tables import LOCAL_PRICES, WORLD_PRICES
from pipeline.study.statistics.tables import COUNTRY_COCOA, REGIONAL_STATISTICS

TEXTS = read_texts(__file__, "columns")
FOLDERS = ("tables", "figures")
# Asked for every column of every table.
_group, _groups = cache(TEXTS.group), cache(TEXTS.groups)
# In the order in which a name is looked for.
HANDED_ON = (EFFECTS, REGIONAL_STATISTICS, COUNTRY_COCOA, LOCAL_PRICES, WORLD_PRICES)
# Columns that are chosen, not found: places on an axis, numbers of plots, levels. No raw row moves them. Where rows of
# several kinds stand together, only those of this ``kind``.
GIVEN: dict[str, dict[str, str]] = {
    "02_clean_drivers/world_ratio": {"year": "", "month": "", "date": ""},
    "06_model_fertilizer/optimal_dose": {"price_ratio": "curve"},
    "06_model_fertilizer/value_cost": {"price_idr_per_kg": "curve"},
    "06_model_fertilizer/value_cost_curve": {"price_idr_per_kg": ""},
    "07_model_pests/chances": {"attacked_percent": ""},
    "07_model_pests/damage": {"attacked_percent": "curve"},
    "07_model_pests/paying": {"price_idr_per_kg": ""},
    "07_model_pests/sleeving": {"attacked_percent": ""},
    "08_model_price_response/lags": {"lag": ""},
    "08_model_price_response/learner_intervals": {"nominal": ""},
    "09_attribution/waterfall": {"start": "total"},
    "10_scenarios/value_by_plots": {"plots": ""},
    "11_validation/alarms": {"plots": ""},
    "11_validation/calibration": {"replicate": ""},
    "11_validation/coverage": {"nominal": ""},
    "11_validation/ranks": {"middle": ""},
    "14_survey_design/sample_size": {"plots": ""},
    "14_survey_design/value_by_plots": {"plots": ""},
}
# Columns that rest on the rows named in ``own_sources`` alone, where the others hear more.
_OF_STUDY = ("programme", "country", "design", "risk_of_bias", "is_direct", "rows", "log_ratio", "is_se_imputed")
OWN: dict[str, tuple[str, ...]] = {
    "05_model_evidence/certainty": ("studies", "programmes"),
    "05_model_evidence/rows": (
        "year",
        "n",
        "n_kg_per_ha",
        "log_ratio",
        "log_ratio_se",
        "printed_value",
        "printed_low",
        "printed_high",
    ),
    "05_model_evidence/sensitivity": ("studies",),
    "05_model_evidence/studies": _OF_STUDY,
    "07_model_pests/against_trials": ("seen",),
    "07_model_pests/certainty": ("studies", "programmes"),
    "13_survey/learned": ("literature_weight",),
    "07_model_pests/studies": _OF_STUDY,
}
# The unit of the columns that hold the values of a table.
VALUES = {
    "01_clean_statistics/regency_areas": "ha",
    "04_yield_gap/yields": "kg/ha",
    "05_model_evidence/effects": "%",
    "05_model_evidence/sensitivity": "%",
    "05_model_evidence/studies": "log ratio",
    "06_model_fertilizer/optimal_dose": "kg/ha",
    "07_model_pests/against_trials": "log ratio",
    "07_model_pests/damage": "%",
    "07_model_pests/losses": "%",
    "07_model_pests/studies": "log ratio",
    "08_model_price_response/lags": "%",
    "08_model_price_response/readings": "%",
    "09_attribution/attainable": "kg/ha",
    "09_attribution/causes": "kg/ha",
    "09_attribution/variants": "kg/ha",
    "09_attribution/waterfall": "kg/ha",
    "10_scenarios/cost_curve": "Rp/kg",
    "10_scenarios/figures/cost_curve": "thousand Rp/kg",
    "10_scenarios/export": "t/yr",
    "10_scenarios/information": "million Rp/ha",
    "10_scenarios/figures/thresholds": "thousand Rp/kg",
    "10_scenarios/net_income": "million Rp/ha",
    "10_scenarios/tables/thresholds": "Rp/kg",
    "10_scenarios/value_by_plots": "Rp/ha",
    "10_scenarios/value_by_price": "Rp/ha",
    "11_validation/coverage": "%",
    "13_survey/learned": "see unit",
    "15_prices/beans": "thousand Rp/kg",
    "15_prices/by_month": "Rp/kg",
    "15_prices/figures/foretold": "log ratio",
    "15_prices/scores": "log ratio",
    "15_prices/tables/foretold": "Rp/kg",
    "13_survey/prior_data_posterior": "%",
    "14_survey_design/sample_size": "%",
    "14_survey_design/value_by_plots": "Rp/ha",
}
# Columns beside them that hold something else.
OTHER_UNITS = {"10_scenarios/figures/cost_curve": {"start": "t/yr", "end": "t/yr"}}
VALUE_COLUMNS = {
    "lower", "value", "upper", "start", "end", "plots_value", "low", "present", "high", "berau", "peak", "mitscherlich",
    "quadratic_plateau", "nominal", "fertilizer", "gap", "knowledge", "pod_borer", "technique", "unexplained",
    "prior", "survey", "together", "price", "by_share", "by_last", "quarter", "even", "three_quarters",
}  # fmt: skip
UNITS = {
    **dict.fromkeys(("attacked_percent", "chance"), "%"),
    **dict.fromkeys(("se", "log_ratio", "change", "forecast", "own_mean", "error", "seen"), "log ratio"),
    **dict.fromkeys(("here_now", "here_after", "mean_now", "mean_after"), "log ratio"),
    **dict.fromkeys((f"{end}{level}" for end in ("lower", "upper") for level in (50, 80, 95)), "log ratio"),
    **dict.fromkeys(("ratio_cheap", "ratio_dear", "price_ratio"), "kg beans per kg fertilizer"),
    "net_price": "thousand Rp/kg", "container_t": "t", "production_t": "t", "tonnes": "t/yr", "lag": "yr",
}  # fmt: skip
ENDINGS = {
    "_idr_per_kg": "Rp/kg", "_idr_per_ha": "Rp/ha", "_kg_per_ha": "kg/ha", "_production_t": "t/yr", "_ha": "ha",
}  # fmt: skip
# Columns whose unit is the same as in their name without this.
ENDS = ("lower", "upper", "value")


def name(path: Path) -> str:
    """The name of the table in a file of results; one in no folder of its stage counts among the tables."""
    stage, folder = path.parts[-3:-1]
    return f"{stage}/{folder}/{path.stem}" if folder in FOLDERS else f"{folder}/tables/{path.stem}"


def _of(by_table: dict[str, Any], table: str) -> Any:
    """What is said of a table, of the figure first."""
    stage, _, last = table.split("/")
    return by_table.get(table, by_table.get(f"{stage}/{last}"))


def is_given(table: str, column: str, kind: str = "") -> bool:
    """Whether a column is chosen in rows of this kind."""
    asked = (_of(GIVEN, table) or {}).get(column)
    return asked is not None and asked in ("", kind)


def own_columns(table: str) -> tuple[str, ...]:
    """The columns that have citations of their own."""
    return _of(OWN, table) or ()


def meaning(table: str, column: str) -> Text | None:
    """What a column holds; none where nothing but the contract of a clean table says it."""
    columns, here = _group("columns"), _of(_groups("here"), table) or {}
    return here.get(column) or _end(table, column) or columns.get(column) or _measure(column) or _parts(column)


def contracted(column: str) -> Column | None:
    """The contract of a column that is handed on from a clean table."""
    return next((own for table in HANDED_ON for own in table.columns if own.name == column), None)


def unit(table: str, column: str) -> str:
    """The unit of a column; empty where it has none."""
    if other := OTHER_UNITS.get(table, {}).get(column):
        return other
    base = next((column.removesuffix(f"_{end}") for end in ENDS if column.endswith(f"_{end}")), column)
    values = _of(VALUES, table)
    if values and {column, base} & VALUE_COLUMNS:
        return str(values)
    own = contracted(base) if meaning(table, base) is None else None
    return UNITS.get(base) or next((of for end, of in ENDINGS.items() if base.endswith(end)), own.unit if own else "")


# The level of the intervals of a table, where it is no other.
LEVEL = Text("the level uncertainty.interval_level", "taraf uncertainty.interval_level")


def _end(table: str, column: str) -> Text | None:
    """Value, lower or upper end of the quantity of a table."""
    told, parts = _of(_groups("values"), table), _group("parts")
    if not told or column not in ENDS:
        return None
    if column == "value":
        return told["value"] if "value" in told else parts["value"].fill(of=told["of"])
    ends = {"lower": parts["low_end"], "upper": parts["high_end"]}
    return ends[column].fill(of=told.get("of") or told["value"], level=told.get("level", LEVEL))


def _measure(column: str) -> Text | None:
    """A column of draws for each measure, or for each control where its pest is."""
    parts = _group("parts")
    if column in POOLED_MEASURES:
        return parts["effect"].fill(of=(MEASURES | POOLED_MEASURES)[column])
    for part, control in (
        ("left", column.removeprefix("left_")),
        ("gain", column.removeprefix("log_gain_").removesuffix("_there")),
    ):
        if control in PEST_CONTROLS and control != column:
            return parts[part].fill(of=PEST_CONTROLS[control], pest=PESTS[PEST_OF_CONTROL[control]])
    return None


def _parts(column: str) -> Text | None:
    """A column whose name is made of a regency or a series and of what it holds."""
    columns, parts = _group("columns"), _group("parts")
    for regency, name in REGENCIES.items():
        of = columns.get(column.removeprefix(f"{regency}_"))
        if column.startswith(f"{regency}_") and of:
            return parts["draw"].fill(of=Text(f"{of.en}, {name.en}", f"{of.id}, {name.id}"))
    base, _, end = column.rpartition("_")
    of = parts.get(base) or columns.get(base)
    return parts[end].fill(of=of, level=LEVEL) if end in ENDS and of else None
