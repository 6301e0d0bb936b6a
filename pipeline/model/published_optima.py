"""Optima that others published for dose trials, found again from the same yields."""

from dataclasses import dataclass

import pandas as pd

from pipeline.model.dose_trials import TRIAL, fit
from pipeline.model.response_curves import QUADRATIC_PLATEAU


@dataclass(frozen=True)
class Published:
    """A published number that the fit must find again; no price ratio means the dose of the plateau."""

    name: str
    trial: tuple[str, str, int]
    value: float
    tolerance: float
    price_ratio: float | None = None


# Yields in quintals and in Mg: the ratios are price per kg of nitrogen over price per quintal or Mg of grain. The
# source prints 140 for 140.8: it cuts the decimals. Its 191.7 is the top of a parabola that lies beyond all doses,
# where a quadratic plateau and a parabola are the same curve.
PUBLISHED = (
    Published("plateau of maize at Jackson 1962, kg N/ha", ("engelstad.nitro", "Jackson", 1962), 225.0, 0.5),
    Published(
        "economic optimum of maize at Jackson 1962, kg N/ha",
        ("engelstad.nitro", "Jackson", 1962),
        140.0,
        1.0,
        0.11 / 1.15,
    ),
    Published(
        "economic optimum of maize at Olmstead 2006, kg N/ha",
        ("hernandez.nitrogen", "Olmstead", 2006),
        191.7198,
        0.001,
        0.6615 / 118.1,
    ),
)


def reference_checks(trials: pd.DataFrame) -> pd.DataFrame:
    """Published optima beside those that this module computes from the same yields.

    Columns: ``name``, ``published``, ``computed``, ``tolerance``, ``passed``, ``source_id``. Raises ``KeyError`` when
    a trial is not in ``trials``.
    """
    by_trial = trials.set_index(TRIAL)
    rows = []
    for case in PUBLISHED:
        data = by_trial.loc[[case.trial]]
        fitted = fit(QUADRATIC_PLATEAU, data["dose_kg_per_ha"].to_numpy(), data["yield_value"].to_numpy())
        ratio = 0.0 if case.price_ratio is None else case.price_ratio
        rows.append(
            {
                "name": case.name,
                "published": case.value,
                "computed": float(fitted.response.optimal_dose(ratio)),
                "tolerance": case.tolerance,
                "source_id": data["source_id"].iloc[0],
            }
        )
    table = pd.DataFrame(rows)
    return table.assign(passed=(table["computed"] - table["published"]).abs() <= table["tolerance"])
