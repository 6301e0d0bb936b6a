"""The contract of the survey's result: one row per plot visit, in ``data/survey/plots.csv``."""

from pipeline.contracts import Column, Table


def _text(name: str, title: str, values: tuple[str, ...] = (), may_be_missing: bool = True) -> Column:
    return Column(name, "text", title, values=values, may_be_missing=may_be_missing)


def _number(name: str, title: str, unit: str, high: float, low: float = 0.0) -> Column:
    return Column(name, "number", title, unit, low, high, may_be_missing=True)


# Lists (obstacles, training, weather_events, warnings) are the names of choices, sorted, with ";" between them.
PLOTS = Table(
    "plots",
    "Plots visited in the survey, without names, exact places or free text",
    ("plot_id",),
    (
        _text("plot_id", "Pseudonym of the visit to the plot", may_be_missing=False),
        _text("farm_id", "Pseudonym of the farm", may_be_missing=False),
        _text("visit_date", "Month of the visit (YYYY-MM)", may_be_missing=False),
        _text("subdistrict", "Subdistrict, where the group is large enough"),
        _text("village", "Village, where the group is large enough"),
        _number("latitude", "Latitude of the middle of the grid cell", "degrees", 90.0, -90.0),
        _number("longitude", "Longitude of the middle of the grid cell", "degrees", 180.0, -180.0),
        Column("area_ha", "number", "Area of the plot", "ha", 0.05, 10.0),
        _number("trees_per_ha", "Trees per area", "1/ha", 5000.0),
        _number("age_years", "Age of the trees", "years", 60.0),
        _text("planting_material", "Planting material"),
        _text("shade", "Shade"),
        _number("yield_kg_per_ha", "Dry beans per mature area in twelve months", "kg/ha/yr", 5000.0),
        _number("bean_price_idr_per_kg", "Price of dry beans, weighted by harvest", "Rp/kg", 1e6),
        _number("n_kg_per_ha", "Nitrogen in mineral fertilizer", "kg/ha/yr", 2000.0),
        _number("p_kg_per_ha", "Phosphorus (element) in mineral fertilizer", "kg/ha/yr", 2000.0),
        _number("k_kg_per_ha", "Potassium (element) in mineral fertilizer", "kg/ha/yr", 2000.0),
        _number("fertilizer_kg_per_ha", "Mineral fertilizer", "kg/ha/yr", 5000.0),
        _number("fertilizer_price_idr_per_kg", "Price of mineral fertilizer, weighted by amount", "Rp/kg", 1e6),
        _text("is_subsidised", "Any fertilizer was subsidised", ("yes", "no")),
        _text("obstacles", "What kept the farmer from fertilizer"),
        _number("pods_counted", "Pods looked at", "pods", 10000.0),
        _number("share_pods_borer", "Share of pods with pod borer", "share", 1.0),
        _number("share_pods_black_pod", "Share of pods with black pod", "share", 1.0),
        _number("trees_checked", "Trees looked at", "trees", 10000.0),
        _number("share_trees_dieback", "Share of trees with dieback", "share", 1.0),
        _number("prunings_per_year", "Prunings", "1/yr", 52.0),
        _number("sanitations_per_year", "Removals of infested pods", "1/yr", 365.0),
        _number("harvest_interval_days", "Days between harvests", "days", 60.0, 1.0),
        _text("grafting", "Grafting"),
        _number("sleeving_share", "Share of pods in sleeves", "share", 1.0),
        _number("weedings_per_year", "Weedings", "1/yr", 52.0),
        _text("training", "Kinds of training"),
        _number("training_days", "Days of training", "days", 365.0),
        _number("visits", "Visits by an extension officer in twelve months", "visits", 365.0),
        _text("weather_events", "Damaging weather in twelve months"),
        _number("weather_loss_share", "Harvest lost to weather, as the farmer sees it", "share", 1.0),
        _text("warnings", "What to mind when using the row"),
        _text("enumerator_id", "Pseudonym of the officer"),
    ),
)
