"""The clean tables of published effects, costs, pests and facts: one contract each, as they are written."""

from pipeline.kit.data.contracts import SOURCE_ID, STATUS, WARNING, Column, Table, flag, number, text, year
from pipeline.study.names import BASIS

CONSTRAINTS = ("fertilizer", "pest", "disease", "technique", "knowledge", "context")


# Outcomes on a scale with a true zero, where a ratio of two means says something.
RATIO_OUTCOMES = (
    "yield",
    "yield_loss",
    "pods_attacked_borer",
    "damage_index_borer",
    "pods_attacked_helopeltis",
    "pods_rotten_black_pod",
    "dieback_intensity",
    "pest_level",
    "income",
    "aggregate_production",
)
OUTCOMES = (
    *RATIO_OUTCOMES,
    "bean_quality",
    "tree_growth",
    "efficiency",
    "elasticity_output",
    "elasticity_demand",
    "mortality",
    "other",
)


# What differs between the two arms of a contrast, and the measure that it speaks of. Only like is pooled with like:
# pruning of cacao is not pruning of shade trees, and more fertilizer against some is not fertilizer against none.
MEASURE_OF_KIND = {
    "mineral_fertilizer": "mineral_fertilizer",
    "organic_fertilizer": "organic_fertilizer",
    "sleeving": "pod_borer_control",
    "borer_insecticide": "pod_borer_control",
    "borer_biological": "pod_borer_control",
    "borer_pheromone": "pod_borer_control",
    "borer_combined": "pod_borer_control",
    "black_pod_fungicide": "black_pod_dieback_control",
    "phosphonate_injection": "black_pod_dieback_control",
    "disease_biological": "black_pod_dieback_control",
    "cacao_pruning": "pruning",
    "sanitation": "sanitation",
    "frequent_picking": "sanitation",
    "side_grafting": "grafting",
    "top_grafting": "grafting",
    "replanting": "replanting",
    "rehabilitation_mixed": "grafting",
    "training": "training",
    "shade": "shade",
}
CONTRAST_KINDS = (
    *MEASURE_OF_KIND,
    "lime",
    "foliar_nutrients",
    "fertilizer_rate",
    "pruning_intensity",
    "shade_tree_pruning",
    "heavy_cutting_semi_wild",
    "other_insecticide",
    "control_against_control",
    "planting_material",
    "certification",
    "package_with_fertilizer",
    "package_without_fertilizer",
    "irrigation",
    "hand_pollination",
    "climate_shock",
    "other",
)
# Figures that compare no two arms, by what they are.
NO_CONTRAST = ("elasticity", "efficiency", "loss_quoted", "price", "correlation", "no_comparator", "other_figure")
POOLABLE_DESIGNS = (
    "randomized_trial",
    "trial",
    "before_after",
    "matched_survey",
    "regression_survey",
    "unadjusted_survey",
)
RISKS_OF_BIAS = ("low", "some", "serious", "critical")


EFFECTS = Table(
    "effects",
    "Published effects on cacao, with the log response ratio where the figures allow one",
    ("effect_id",),
    (
        text("effect_id", "Effect"),
        text("constraint", "Constraint", *CONSTRAINTS),
        text("measure", "Kind of measure"),
        text("kind", "What differs between the arms, or what compares none", *CONTRAST_KINDS, *NO_CONTRAST),
        text("outcome", "Outcome", *OUTCOMES),
        text(
            "basis",
            "Per what the outcome is counted",
            *("per_ha", "per_tree", "per_pod", "per_farm", "share", "index", "unknown"),
            missing=True,
        ),
        text(
            "significance",
            "Whether the source calls it significant",
            *("significant", "not_significant", "not_printed"),
            missing=True,
        ),
        text("directness_place", "Where", *("borneo", "indonesia", "asia_pacific", "elsewhere"), missing=True),
        text("directness_material", "Cacao like that of Kutai Timur", "like", "unlike", "unknown", missing=True),
        text("directness_practice", "Practice as officers recommend it", "like", "unlike", missing=True),
        text("intervention", "Intervention"),
        text("comparator", "Comparator", missing=True),
        text("comparison", "Comparator arm and season: contrasts with the same one are not independent", missing=True),
        text("study_id", "Study"),
        text("programme", "Programme of studies"),
        Column("year", "integer", "Year of publication", "", 1900, 2030, may_be_missing=True),
        text("country", "Country", missing=True),
        text("region", "Region", missing=True),
        text(
            "design",
            "Design",
            *POOLABLE_DESIGNS,
            "frontier",
            "review",
            "model",
        ),
        number("n", "Sample size", "see raw table", missing=True),
        text("risk_of_bias", "Risk of bias", *RISKS_OF_BIAS, missing=True),
        number(
            "n_kg_per_ha", "Nitrogen that the arm received more than the comparator", "kg/ha/yr", None, missing=True
        ),
        number("log_ratio", "Log response ratio", "log ratio", -5, 5, missing=True),
        number("log_ratio_se", "Its standard error", "log ratio", missing=True),
        text("derivation", "How the ratio was obtained", missing=True),
        text("se_derivation", "How the standard error was obtained", missing=True),
        flag("is_censored", "Only said to be not significant: no ratio, but none that could be told from zero"),
        flag("is_poolable", "Used in the evidence synthesis"),
        text("reason_not_pooled", "Why not", missing=True),
        text("doubt", "What speaks against using it in any synthesis", missing=True),
        text("confidence", "Confidence in the reading", "low", "medium", "high"),
        number("printed_value", "Effect as printed", "see printed_unit", None, missing=True),
        number("printed_low", "Low end of the range printed", "see printed_unit", None, missing=True),
        number("printed_high", "High end of the range printed", "see printed_unit", None, missing=True),
        text("printed_unit", "Unit as printed", missing=True),
        text("study_cites", "Raw row that tells programme, design, sample and risk of bias of the study"),
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
