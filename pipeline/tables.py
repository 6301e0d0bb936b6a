"""The clean tables: one contract each, in the order of the stages that write them."""

from pipeline.kit.data.contracts import Column, Table

STATUS = ("final", "provisional", "estimate", "press", "potential")
BASIS = ("mature", "total", "unknown")
# Kinds of measure that a farmer or the agency can choose; shade, weather, price and age are context.
MEASURES = (
    "mineral_fertilizer",
    "organic_fertilizer",
    "pod_borer_control",
    "black_pod_dieback_control",
    "pruning_sanitation",
    "grafting_replanting",
    "training",
)
# Shade is a choice of long ago, so it is pooled as context and stands in no package.
POOLED_MEASURES = (*MEASURES, "shade")
FAO_FLAGS = ("A", "E", "I", "M", "T")


def text(name: str, title: str, *values: str, missing: bool = False) -> Column:
    """A text column, with its closed list of values if it has one."""
    return Column(name, "text", title, values=values, may_be_missing=missing)


def number(
    name: str,
    title: str,
    unit: str,
    low: float | None = 0.0,
    high: float | None = None,
    missing: bool = False,
) -> Column:
    """A column of numbers; not below zero unless ``low`` says otherwise."""
    return Column(name, "number", title, unit, low, high, may_be_missing=missing)


def flag(name: str, title: str) -> Column:
    """A yes-or-no column."""
    return Column(name, "flag", title)


def year(name: str = "year", title: str = "Year") -> Column:
    """A year of the modern cacao statistics."""
    return Column(name, "integer", title, "", 1900, 2030)


MONTH = Column("month", "integer", "Month", "", 1, 12)
ISO3 = text("iso3", "Country code, ISO 3166 alpha-3; WLD is the world")
COUNTRY = text("country", "Country")
SOURCE_ID = text("source_id", "Source, key of data/raw/sources.yaml")
WARNING = text("warnings", "Usage warnings, separated by semicolons", missing=True)

REGIONAL_STATISTICS = Table(
    "regional_statistics",
    "Published cacao statistics of Indonesia, its provinces, and places in East Kalimantan",
    ("figure_id",),
    (
        text("figure_id", "Figure, key of the raw table"),
        text("region", "Region"),
        text("parent", "Region it lies in", missing=True),
        text("level", "Level", "nation", "island", "province", "regency", "subdistrict", "village", "group"),
        year("year_from", "First year"),
        year("year", "Year, last of a period"),
        text("quantity", "Quantity"),
        number("value", "Value in standard unit", "see unit"),
        text("unit", "Standard unit", "ha", "t", "kg/ha", "households", "trees", "workers", "share"),
        text("basis", "Area that a yield is divided by", *BASIS, missing=True),
        text("status", "Status the publisher gives", *STATUS),
        WARNING,
        text("correction", "Correction made and why", missing=True),
        flag("is_screened", "Impossible as printed; not used"),
        flag("is_break", "Series changes its meaning since the year before"),
        flag("is_copied", "Repeats the year before"),
        number("value_printed", "Value as printed", "see unit_printed"),
        text("unit_printed", "Unit as printed"),
        SOURCE_ID,
    ),
)

REGIONAL_YIELDS = Table(
    "regional_yields",
    "Cacao yields of regions, each on a stated basis and with the figures it comes from",
    ("yield_id",),
    (
        text("yield_id", "Yield"),
        text("region", "Region"),
        text("level", "Level"),
        year(),
        text("basis", "Area divided by", *BASIS),
        number("yield_kg_per_ha", "Yield", "kg/ha", 0.0, 4000.0),
        text("derivation", "How it was obtained", "printed", "computed"),
        number("production_t", "Production", "t", missing=True),
        number("area_ha", "Area divided by", "ha", missing=True),
        text("status", "Weakest status of the figures", *STATUS),
        WARNING,
        text("figure_ids", "Figures it comes from"),
        SOURCE_ID,
    ),
)

CONFLICTS = Table(
    "conflicts",
    "Figures for one region, year and quantity that disagree",
    ("region", "year", "quantity"),
    (
        text("region", "Region"),
        year(),
        text("quantity", "Quantity"),
        text("unit", "Unit"),
        Column("n_figures", "integer", "Figures that disagree", "", 2),
        number("lowest", "Lowest", "see unit"),
        number("highest", "Highest", "see unit"),
        number("ratio", "Highest over lowest", "ratio", 1.0, missing=True),
        number("preferred", "Figure the rule prefers", "see unit"),
        text("rule", "Rule applied"),
        text("figure_ids", "Figures"),
        text("source_ids", "Sources"),
    ),
)

COUNTRY_COCOA = Table(
    "country_cocoa",
    "Cocoa area, production and yield by country and year, FAOSTAT, two releases",
    ("iso3", "year", "release"),
    (
        ISO3,
        COUNTRY,
        year(),
        text("release", "FAOSTAT release", "2022", "latest"),
        number("area_harvested_ha", "Area harvested", "ha", missing=True),
        text("area_flag", "FAO flag of the area", *FAO_FLAGS, missing=True),
        number("production_t", "Production", "t", missing=True),
        text("production_flag", "FAO flag of production", *FAO_FLAGS, missing=True),
        number("yield_kg_per_ha", "Yield on area harvested", "kg/ha", missing=True),
        flag("is_break", "Series changes its meaning since the year before"),
        flag("is_copied", "Repeats the year before"),
        flag("is_implausible", "Yield outside 100 to 2,000 kg/ha"),
        WARNING,
        SOURCE_ID,
    ),
)

BOUNDARIES = Table(
    "boundaries",
    "Outlines of regencies of East Kalimantan and of Indonesian provinces (old division)",
    ("layer", "region_code", "part", "ring", "vertex"),
    (
        text("layer", "Layer", "regency", "province"),
        text("region_code", "Code"),
        text("region", "Region"),
        Column("part", "integer", "Part", "", 0),
        Column("ring", "integer", "Ring; 0 is the outline", "", 0),
        Column("vertex", "integer", "Vertex", "", 0),
        number("lon", "Longitude", "degree", 94.0, 142.0),
        number("lat", "Latitude", "degree", -12.0, 7.0),
        WARNING,
        SOURCE_ID,
    ),
)

WORLD_PRICES = Table(
    "world_prices",
    "World market prices of cocoa and fertilizers, monthly, nominal",
    ("year", "month"),
    (
        year(),
        MONTH,
        number("cocoa_usd_per_kg", "Cocoa", "USD/kg", 0.05, 50),
        number("urea_usd_per_t", "Urea", "USD/t", 1, 5000),
        number("dap_usd_per_t", "Diammonium phosphate", "USD/t", 1, 5000, missing=True),
        number("tsp_usd_per_t", "Triple superphosphate", "USD/t", 1, 5000),
        number("phosphate_rock_usd_per_t", "Phosphate rock", "USD/t", 1, 5000, missing=True),
        number("kcl_usd_per_t", "Potassium chloride", "USD/t", 1, 5000),
        number(
            "cocoa_npk_usd_per_kg",
            "Nutrients in one kg of cocoa NPK 14-12-16 at world prices",
            "USD/kg",
            0.001,
            50,
        ),
        number(
            "fertilizer_cocoa_ratio",
            "kg of cocoa that buy the nutrients of one kg of cocoa NPK",
            "ratio",
            0.001,
            10,
        ),
        SOURCE_ID,
    ),
)

WORLD_PRICES_ANNUAL = Table(
    "world_prices_annual",
    "World market prices of cocoa and fertilizers, annual means as published",
    ("basis", "year"),
    (
        year(),
        text("basis", "Price basis", "nominal", "real_2010"),
        number("cocoa_usd_per_kg", "Cocoa", "USD/kg", 0.05, 50),
        number("urea_usd_per_t", "Urea", "USD/t", 1, 5000),
        number("dap_usd_per_t", "Diammonium phosphate", "USD/t", 1, 5000, missing=True),
        number("tsp_usd_per_t", "Triple superphosphate", "USD/t", 1, 5000),
        number("phosphate_rock_usd_per_t", "Phosphate rock", "USD/t", 1, 5000),
        number("kcl_usd_per_t", "Potassium chloride", "USD/t", 1, 5000),
        SOURCE_ID,
    ),
)

LOCAL_PRICES = Table(
    "local_prices",
    "Cocoa and fertilizer prices in Indonesia, rupiah per kg as reported",
    ("price_id",),
    (
        text("price_id", "Price, key of the raw table"),
        text("item", "Product"),
        text("place", "Place"),
        text(
            "region_group",
            "Group of places",
            "kutai_timur",
            "east_kalimantan",
            "north_kalimantan",
            "sulawesi",
            "other_indonesia",
            "indonesia",
        ),
        text(
            "market",
            "Market",
            "farm_gate",
            "ceiling_subsidised",
            "retail_unsubsidised",
            "ex_warehouse",
            "port",
            "transport",
        ),
        text("date_from", "From, as precise as known", missing=True),
        text("date_to", "To, as precise as known", missing=True),
        number("year_decimal", "Middle of the period", "year", 1990, 2030),
        number("price_idr_per_kg", "Price", "Rp/kg", 50, 1e6),
        text("status", "Status", *STATUS),
        flag("is_outlier", "Off by more than a factor of 1.6 from other sources within half a year"),
        WARNING,
        SOURCE_ID,
    ),
)

SUBSIDY_RULES = Table(
    "subsidy_rules",
    "Who may buy subsidised fertilizer for cacao",
    ("rule_id",),
    (
        text("rule_id", "Rule"),
        text("date_from", "In force from"),
        text("rule", "Rule"),
        number("value", "Amount named", "see unit", missing=True),
        text("unit", "Unit", missing=True),
        WARNING,
        SOURCE_ID,
    ),
)

EXCHANGE_CPI = Table(
    "exchange_cpi",
    "Exchange rate and consumer prices of Indonesia",
    ("year",),
    (
        year(),
        number("idr_per_usd", "Rupiah per US dollar, mean of the year", "Rp/USD", 0.1, 1e5, missing=True),
        number("cpi_2010", "Consumer price index, 2010 = 100", "index", 0, 1e4),
        SOURCE_ID,
    ),
)

PRODUCER_PRICES = Table(
    "producer_prices",
    "Producer prices of cocoa beans, FAOSTAT",
    ("iso3", "year"),
    (
        ISO3,
        COUNTRY,
        year(),
        number("price_usd_per_t", "Producer price, release 2025 where there is one", "USD/t", 1, 30000),
        text("release", "Release used", "2023", "2025"),
        number("release_ratio", "Release 2025 over release 2023", "ratio", 0, missing=True),
        WARNING,
        SOURCE_ID,
    ),
)

INPUT_USE = Table(
    "input_use",
    "Fertilizer and pesticide use per hectare of all cropland; not of cacao",
    ("iso3", "year"),
    (
        ISO3,
        COUNTRY,
        year(),
        number("n_kg_per_ha", "Nitrogen (N)", "kg/ha cropland", missing=True),
        number("p_kg_per_ha", "Phosphorus (P, from P2O5)", "kg/ha cropland", missing=True),
        number("k_kg_per_ha", "Potassium (K, from K2O)", "kg/ha cropland", missing=True),
        number("pesticide_kg_per_ha", "Pesticides, active ingredient", "kg/ha cropland", missing=True),
        WARNING,
        SOURCE_ID,
    ),
)

CLIMATE = Table(
    "climate",
    "Temperature and rainfall of cocoa countries, country means",
    ("iso3", "year"),
    (
        ISO3,
        COUNTRY,
        year(),
        number("temperature_mean_c", "Mean temperature", "degC", 0, 40, missing=True),
        number("rainfall_mm", "Rainfall", "mm/yr", 50, 8000, missing=True),
        flag("is_infilled", "Rainfall hardly varies for years: filled in by its makers"),
        WARNING,
        SOURCE_ID,
    ),
)

ENSO = Table(
    "enso",
    "Oceanic Nino Index by season, two releases kept apart",
    ("release", "year", "center_month"),
    (
        year(),
        text("season", "Three-month season"),
        Column("center_month", "integer", "Middle month", "", 1, 12),
        text("release", "NOAA release", "2025", "2026"),
        number("sst_c", "Sea surface temperature", "degC", 20, 35),
        number("anomaly_c", "Anomaly", "degC", -5, 5),
        SOURCE_ID,
    ),
)

NINO34 = Table(
    "nino34",
    "Nino 3.4 sea surface temperature by month",
    ("year", "month"),
    (
        year(),
        MONTH,
        number("sst_c", "Sea surface temperature", "degC", 20, 35),
        number("anomaly_c", "Anomaly, base 1991-2020", "degC", -5, 5),
        SOURCE_ID,
    ),
)

CONSTRAINTS = ("fertilizer", "pest", "disease", "technique", "knowledge", "context")
OUTCOMES = (
    "yield",
    "yield_loss",
    "pest_level",
    "income",
    "efficiency",
    "elasticity_output",
    "elasticity_demand",
    "aggregate_production",
    "mortality",
    "other",
)

# What the arm without the measure is; only the first three compare a measure with not doing it on the same cacao.
POOLED_COMPARATORS = ("measure_not_done", "less_or_none", "same_farms_before")
COMPARATORS = (
    *POOLED_COMPARATORS,
    "same_measure_at_another_rate",
    "another_measure",
    "arms_differ_in_more",
    "shade_trees_not_cacao",
    "semi_wild_stand",
    "other_planting_material",
    "mean_of_a_region",
    "pest_absent",
    "no_arm_compared",
)
EFFECTS = Table(
    "effects",
    "Published effects on cacao, with the log response ratio where the figures allow one",
    ("effect_id",),
    (
        text("effect_id", "Effect"),
        text("constraint", "Constraint", *CONSTRAINTS),
        text("measure", "Kind of measure"),
        text("intervention", "Intervention"),
        text("comparator", "Comparator", missing=True),
        text("comparator_kind", "What the other arm is", *COMPARATORS),
        text("study_id", "Study"),
        Column("year", "integer", "Year of publication", "", 1900, 2030, may_be_missing=True),
        text("country", "Country", missing=True),
        text("region", "Region", missing=True),
        text(
            "design",
            "Design",
            "on_farm_trial",
            "on_station_trial",
            "before_after",
            "cross_section",
            "frontier",
            "review",
            "model",
        ),
        number("n", "Sample size", "see raw table", missing=True),
        text("outcome", "Outcome scale", *OUTCOMES),
        number("log_ratio", "Log response ratio", "log ratio", -5, 5, missing=True),
        number("log_ratio_se", "Its standard error", "log ratio", missing=True),
        text("derivation", "How the ratio was obtained", missing=True),
        text("se_derivation", "How the standard error was obtained", missing=True),
        flag("is_poolable", "Used in the evidence synthesis"),
        text("reason_not_pooled", "Why not", missing=True),
        text("confidence", "Confidence in the reading", "low", "medium", "high"),
        number("printed_value", "Effect as printed", "see printed_unit", None, missing=True),
        number("printed_low", "Low end of the range printed", "see printed_unit", None, missing=True),
        number("printed_high", "High end of the range printed", "see printed_unit", None, missing=True),
        text("printed_unit", "Unit as printed", missing=True),
        WARNING,
        SOURCE_ID,
    ),
)

SHADE_TRIAL = Table(
    "shade_trial",
    "Shade trial at Tafo, Ghana, 1963 to 1982",
    ("year", "shade"),
    (
        year(),
        text("shade", "Shade", "heavy", "medium", "none"),
        number("yield_kg_per_ha", "Yield", "kg/ha", 0, 4000),
        WARNING,
        SOURCE_ID,
    ),
)

BASELINES = Table(
    "baselines",
    "Yields, attainable yields, adoption and stand figures from the literature",
    ("baseline_id",),
    (
        text("baseline_id", "Baseline"),
        text("variable", "Variable"),
        text("place", "Place"),
        text("country", "Country", missing=True),
        Column("year_from", "integer", "First year", "", 1900, 2030, may_be_missing=True),
        Column("year", "integer", "Last year", "", 1900, 2030, may_be_missing=True),
        number("value", "Value", "see unit", missing=True),
        number("value_low", "Low end", "see unit", missing=True),
        number("value_high", "High end", "see unit", missing=True),
        text("unit", "Unit"),
        text("basis", "Basis of a yield", *BASIS, missing=True),
        text("confidence", "Confidence in the reading", "low", "medium", "high"),
        WARNING,
        SOURCE_ID,
    ),
)

COSTS = Table(
    "costs",
    "Wages, rates and costs",
    ("cost_id",),
    (
        text("cost_id", "Cost"),
        text("item", "Item"),
        text("place", "Place", missing=True),
        Column("year_from", "integer", "First year", "", 1900, 2030, may_be_missing=True),
        Column("year", "integer", "Last year", "", 1900, 2030, may_be_missing=True),
        number("value", "Value", "see unit", missing=True),
        number("value_low", "Low end", "see unit", missing=True),
        number("value_high", "High end", "see unit", missing=True),
        text("unit", "Unit"),
        text("confidence", "Confidence in the reading", "low", "medium", "high"),
        WARNING,
        SOURCE_ID,
    ),
)

PEST_REPORTS = Table(
    "pest_reports",
    "Reported pest and disease attacks and losses",
    ("report_id",),
    (
        text("report_id", "Report"),
        text("region", "Region"),
        text("parent", "Region it lies in", missing=True),
        year("year_from", "First year"),
        year("year", "Last year"),
        text("pest", "Pest or disease"),
        text("quantity", "Quantity"),
        number("value_low", "Value or low end", "see unit", -100, None, missing=True),
        number("value_high", "High end", "see unit", -100, None, missing=True),
        text("unit", "Unit", missing=True),
        text("status", "Status", *STATUS),
        WARNING,
        SOURCE_ID,
    ),
)

PROGRAMME_CONTEXT = Table(
    "programme_context",
    "Programmes, extension, farmers, soil, rain and exports",
    ("context_id",),
    (
        text("context_id", "Fact"),
        text("topic", "Topic"),
        text("region", "Region", missing=True),
        Column("year_from", "integer", "First year", "", 1900, 2030, may_be_missing=True),
        Column("year", "integer", "Last year", "", 1900, 2030, may_be_missing=True),
        text("fact", "Fact"),
        number("value", "Value", "see unit", missing=True),
        text("unit", "Unit", missing=True),
        text("status", "Status", *STATUS, "rule"),
        WARNING,
        SOURCE_ID,
    ),
)

TABLES = [
    REGIONAL_STATISTICS,
    REGIONAL_YIELDS,
    CONFLICTS,
    COUNTRY_COCOA,
    BOUNDARIES,
    WORLD_PRICES,
    WORLD_PRICES_ANNUAL,
    LOCAL_PRICES,
    SUBSIDY_RULES,
    EXCHANGE_CPI,
    PRODUCER_PRICES,
    INPUT_USE,
    CLIMATE,
    ENSO,
    NINO34,
    EFFECTS,
    SHADE_TRIAL,
    BASELINES,
    COSTS,
    PEST_REPORTS,
    PROGRAMME_CONTEXT,
]
