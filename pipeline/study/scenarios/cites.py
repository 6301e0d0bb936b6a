"""What the numbers of the scenarios cite: the raw rows and assumptions behind each measure's yield, cost and income."""

from dataclasses import dataclass, replace

import pandas as pd

from pipeline.kit.data.citations import cite_parameters, join
from pipeline.study.known_rows import POTENTIAL
from pipeline.study.pests.cites import FACTOR, HARVEST, WAGE, WORK
from pipeline.study.prices.scope import PRICE_CITES
from pipeline.study.scenarios.measures import PARTS

ADOPTION = cite_parameters("scenarios.adoption")
# Assumptions behind the cost of a measure, beside the wage.
ASSUMED = {
    **dict.fromkeys(
        ("fertilizer_ceiling", "fertilizer_market"),
        cite_parameters(
            "prices.fertilizer_multiplier",
            "fertilizer.dose_kg_per_ha",
            "fertilizer.transport_idr_per_kg",
            "fertilizer.labour_days_per_ha",
            "scenarios.assumed_factor",
        ),
    ),
    "pod_sleeving": WORK["pod_sleeving"],
    "borer_sanitation": WORK["borer_sanitation"],
    "pruning": (*cite_parameters("scenarios.pruning_days_per_ha"), *FACTOR),
    "organic_fertilizer": cite_parameters("prices.fertilizer_multiplier", "fertilizer.transport_idr_per_kg"),
    "training": cite_parameters("scenarios.training_years", "scenarios.area_per_farmer_ha"),
}
# Measures whose cost has no labour in it.
BOUGHT = {"organic_fertilizer", "training"}
# What is compared where information is valued.
COMBINED = ("fertilizer_ceiling", "pod_sleeving", "training")
Citations = tuple[str, ...]


@dataclass(frozen=True)
class ScenarioCites:
    """Citations of the yield of a hectare with the borer, of effects and costs by measure, and of the wage."""

    yields: Citations
    effects: dict[str, Citations]
    costs: dict[str, Citations]
    wage: str

    def gain(self, option: str) -> Citations:
        """What the extra yield of an option cites."""
        effects = (cited for measure in _measures(option) for cited in self.effects[measure])
        return (*self.yields, *POTENTIAL, *effects)

    def cost(self, option: str) -> Citations:
        """What the cost of an option cites."""
        measures = _measures(option)
        costs = (cited for measure in measures for cited in (*self.costs.get(measure, ()), *ASSUMED[measure]))
        wage = () if set(measures) <= BOUGHT else (self.wage, *WAGE)
        return (*wage, *costs)

    def income(self, option: str, *prices: str) -> Citations:
        """What the net income of an option cites at bean prices by name."""
        return (*self.gain(option), *self.cost(option), *self.net_price(*prices))

    def net_price(self, *prices: str) -> Citations:
        """What bean prices, by name, less the harvest cite."""
        return (self.wage, *WAGE, *HARVEST, *(cited for price in prices for cited in PRICE_CITES[price]))

    def of_grid(self, grid: pd.DataFrame, prices: dict[str, Citations]) -> pd.DataFrame:
        """The grid of ``price_grid`` with what each row cites; ``prices`` are citations of fertilizer by its price."""
        at = {"none": self} | {
            name: replace(self, costs=self.costs | {"fertilizer_ceiling": cited}) for name, cited in prices.items()
        }
        options = grid["name"].replace({"fertilizer": "fertilizer_ceiling", "fertilizer_best": "fertilizer_ceiling"})
        rows = zip(options, grid["cocoa"], grid["fertilizer"], strict=True)
        return grid.assign(source_id=[join(*at[price].income(option, cocoa)) for option, cocoa, price in rows])

    def choice(self, *prices: str) -> Citations:
        """What a choice among all combinations of fertilizer at the ceiling, sleeving and training cites."""
        return (*ADOPTION, *(cited for option in COMBINED for cited in self.income(option, *prices)))

    def everything(self, *prices: str) -> Citations:
        """What all options together cite."""
        return (*ADOPTION, *(cited for option in self.effects for cited in self.income(option, *prices)))


def _measures(option: str) -> Citations:
    return PARTS.get(option, (option,))
