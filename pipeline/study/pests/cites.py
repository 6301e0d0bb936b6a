"""What the numbers of pests cite: the raw rows and the assumptions behind each loss, control, cost and price."""

from dataclasses import dataclass

import pandas as pd

from pipeline.kit.data.citations import cite_parameters
from pipeline.kit.data.contracts import ends, sources_of_rows
from pipeline.study import known_rows
from pipeline.study.known_rows import POTENTIAL
from pipeline.study.pests.pest_control import Control
from pipeline.study.pests.pest_losses import areas_since_2005
from pipeline.study.prices.scope import AS_OF, PRICE_CITES

PRINTED_RANGE = cite_parameters("cleaning.printed_range_level")
HARVEST = cite_parameters("prices.harvest_days_per_kg")
WAGE = (*cite_parameters("prices.working_days_per_month"), *AS_OF)
# How far assumed days and costs may be off.
FACTOR = cite_parameters("scenarios.assumed_factor")
# What each control of known cost takes, by its name.
WORK = {
    "pod_sleeving": (*cite_parameters("scenarios.sleeving_days_per_ha", "scenarios.sleeves_idr_per_ha"), *FACTOR),
    **dict.fromkeys(("borer_sanitation", "pod_removal"), (*cite_parameters("scenarios.pruning_days_per_ha"), *FACTOR)),
}
# What is assumed about the damage curves of the pod borer.
CURVE_PRIORS = cite_parameters("pests.sabah_curve_weight", "pests.loss_error", "pests.least_low_loss")


@dataclass(frozen=True)
class PestCites:
    """Citations by pest of the ``losses`` on an average hectare and ``there``, where the pest is, and, of all pests,
    the present ``yields`` and the ``wage``.

    Draws of the pod borer go only with yields that trees can have borne, so its losses cite the yields too, and every
    reading of the damage cites the others. Of rows of which the least or the greatest counts, only that is cited.
    """

    losses: dict[str, tuple[str, ...]]
    there: dict[str, tuple[str, ...]]
    yields: tuple[str, ...]
    wage: tuple[str, ...]

    @classmethod
    def of(
        cls,
        evidence: tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame],
        countries: pd.DataFrame,
        area_shares: pd.DataFrame,
        yields: tuple[str, ...],
        wage: str,
    ) -> "PestCites":
        """From the clean tables: ``evidence`` holds effects, reports and baselines."""
        effects, reports, baselines = evidence
        borer = (
            *sources_of_rows(baselines, known_rows.PODS_ATTACKED_SAMARINDA),
            *sources_of_rows(effects, known_rows.SLEEVING_TRIAL_SAMARINDA),
            *sources_of_rows(effects, known_rows.LOSS_SABAH_BELOW_60_PERCENT, known_rows.LOSS_SABAH_AT_90_PERCENT),
            *sources_of_rows(reports, known_rows.LOSS_ACEH_TIMUR, known_rows.PODS_ATTACKED_ACEH_TIMUR),
            *area_shares.nsmallest(1, "share", keep="all")["source_id"],
            *CURVE_PRIORS,
        )
        black_pod = (
            *sources_of_rows(effects, known_rows.BLACK_POD_LOSS_REVIEW),
            *sources_of_rows(reports, known_rows.BLACK_POD_LOSS_AGENCY),
            *PRINTED_RANGE,
        )
        dieback = (*sources_of_rows(effects, known_rows.DIEBACK_LOSS_INDONESIA), *PRINTED_RANGE)
        there = {"pod_borer": (*borer, *yields, *POTENTIAL), "black_pod": black_pod, "dieback": dieback}
        reached = (
            *sources_of_rows(baselines, known_rows.DIEBACK_AREA_INDONESIA_2007),
            *ends(areas_since_2005(countries), "area_harvested_ha")["source_id"],
        )
        losses = there | {"dieback": (*dieback, *reached)}
        everything = tuple(cited for listed in losses.values() for cited in listed)
        return cls({**losses, "all": everything}, there, yields, (wage, *WAGE))

    def loss_with(self, pest: str, name: str, controls: list[Control]) -> tuple[str, ...]:
        """What the loss to a pest cites with the control of this name, or without control."""
        return (
            *self.there[pest],
            *(cited for control in controls if control.name == name for cited in control.sources),
        )

    def extra(self, control: Control) -> tuple[str, ...]:
        """What the extra yield of a control cites."""
        return (*control.sources, *self.losses[control.pest], *self.yields, *POTENTIAL)

    def cost(self, control: Control) -> tuple[str, ...]:
        """What the cost of a control cites, if that is known."""
        return (*self.wage, *WORK[control.name])

    def pays(self, control: Control, *prices: str) -> tuple[str, ...]:
        """What it cites that a control of known cost pays at bean prices by name, or what its break-even price does."""
        return (*self.extra(control), *self.cost(control), *self.net_price(*prices))

    def net_price(self, *prices: str) -> tuple[str, ...]:
        """What bean prices, by name, less the harvest cite; of no price, the cost of the harvest."""
        return (*self.wage, *HARVEST, *(cited for price in prices for cited in PRICE_CITES[price]))
