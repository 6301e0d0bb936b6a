"""The clean tables of published effects, costs, pests and facts: one contract each, as they are written."""

from pipeline.kit.data.contracts import SOURCE_ID, STATUS, WARNING, Column, Table, flag, number, text, year
from pipeline.study.names import BASIS

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
