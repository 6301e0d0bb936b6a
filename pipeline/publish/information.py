"""Published estimates of what it is worth to know more, and how many plots tell it."""

import numpy as np
import pandas as pd

from pipeline.language import Text
from pipeline.publish.causes import named
from pipeline.publish.estimates import Estimate, from_draws
from pipeline.publish.names import UNKNOWNS
from pipeline.publish.scope import Dated

BASIS = "mean net income per mature hectare (TM) that takes part, per year"
PERFECT = "expected value of perfect information"
PARTIAL = "expected value of perfect information on one input, by regression on the draws"
SAMPLE = "expected value of sample information; interval over how much farms differ"


def information_estimates(
    everything: float,
    by_input: pd.DataFrame,
    hectares: np.ndarray,
    dated: Dated,
    sources: list[str],
    level: float,
    seed: int,
) -> list[Estimate]:
    """Value of knowing everything, per hectare and for the regency, and of each input; all from Rp/ha.

    ``hectares`` are draws of the mature hectares that take part.
    """
    cited, n = tuple(sources), len(sources)
    basis = dated.at(BASIS)
    found = [
        Estimate("information.everything", everything / 1e6, "million Rp/ha", basis, PERFECT, cited, n, seed=seed),
        from_draws(
            "information.everything_regency",
            everything * hectares / 1e9,
            level,
            unit="billion Rp/yr",
            basis=dated.at("all mature hectares of Kutai Timur that take part"),
            method=f"{PERFECT}, times hectares",
            sources=sources,
            n=n,
            seed=seed,
        ),
    ]
    for row in by_input.itertuples(index=False):
        key, value = f"information.{row.name}", float(row.value) / 1e6
        found.append(Estimate(key, value, "million Rp/ha", basis, PARTIAL, cited, n, seed=seed))
    return found


def plot_estimates(needed: pd.DataFrame, sources: list[str], level: float, seed: int) -> list[Estimate]:
    """Number of plots for half and nine tenths of the value of an input, where a number that was compared is enough."""
    found = []
    for row in needed[needed["value"].notna()].itertuples(index=False):
        interval = {"lower": row.lower, "upper": row.upper, "level": level} if np.isfinite(row.upper) else {}
        key, basis = f"plots.{row.name}.{row.share}", "smallest number compared that gives this share of the value"
        found.append(
            Estimate(key, row.value, "plots", basis, SAMPLE, tuple(sources), len(sources), **interval, seed=seed)
        )
    return found


def next_measurement(estimates: list[Estimate], names: list[str]) -> Text:
    """Words for the measurement that plots should make next, with the keys of its numbers.

    ``names`` are the inputs worth measuring, the most valuable first; there may be none.
    """
    if not names:
        return Text("nothing that plots show would change the choice", "tidak ada hasil petak yang mengubah pilihan")
    chosen = named(names[0], UNKNOWNS[names[0]])
    half, most = (_so_many(estimates, f"plots.{chosen.key}.{share}") for share in ("half", "nine_tenths"))
    return Text(
        f"knowing the {chosen.en} alone is worth {{information.{chosen.key}}}, half of it from at least {half.en} and "
        f"nine tenths from at least {most.en}, if seasons and soils are alike",
        f"mengetahui {chosen.id} saja bernilai {{information.{chosen.key}}}, separuhnya dari paling sedikit {half.id} "
        f"dan sembilan persepuluhnya dari paling sedikit {most.id}, bila musim dan tanah serupa",
    )


def _so_many(estimates: list[Estimate], key: str) -> Text:
    if any(estimate.key == key for estimate in estimates):
        return Text(f"{{{key}}}", f"{{{key}}}")
    return Text("more plots than were compared", "lebih banyak petak daripada yang dibandingkan")
