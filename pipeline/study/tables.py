"""All clean tables, in the order of the stages that write them; each stands with its question."""

# Asked for here by tools that know no crop: what is told of the columns of result tables, which have no contract.
from pipeline.study import result_tables  # noqa: F401
from pipeline.study.evidence.tables import BASELINES, COSTS, EFFECTS, PEST_REPORTS, PROGRAMME_CONTEXT, SHADE_TRIAL
from pipeline.study.prices.tables import (
    CLIMATE,
    ENSO,
    EXCHANGE_CPI,
    INPUT_USE,
    LOCAL_PRICES,
    NINO34,
    PRODUCER_PRICES,
    REFERENCE_PRICES,
    SUBSIDY_RULES,
    WORLD_PRICES,
    WORLD_PRICES_ANNUAL,
)
from pipeline.study.statistics.tables import BOUNDARIES, CONFLICTS, COUNTRY_COCOA, REGIONAL_STATISTICS, REGIONAL_YIELDS

TABLES = [
    REGIONAL_STATISTICS,
    REGIONAL_YIELDS,
    CONFLICTS,
    COUNTRY_COCOA,
    BOUNDARIES,
    WORLD_PRICES,
    WORLD_PRICES_ANNUAL,
    LOCAL_PRICES,
    REFERENCE_PRICES,
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
