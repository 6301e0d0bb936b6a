"""The evidence model from data to posterior in one way: ``python -m bench.models WAY FOLDER``, a process of its own.

Reads the inputs from the folder and writes ``WAY.json`` there: seconds, quantiles of the effect in a new place by
measure, and diagnostics of the chains. Loading the libraries is outside the clock, compiling the model inside.
"""

import json
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from bench import inputs, sampler
from bench.inputs import Inputs
from pipeline.kit.bayes.mixture import Mixture
from pipeline.study.synthesis.pooling import synthesise

CHAINS, CORES = 4, 2


@dataclass(frozen=True)
class Answer:
    """Lower end, median and upper end by measure on the log scale; diagnostics are None where there are no chains."""

    quantiles: dict[str, list[float]]
    r_hat: float | None = None
    effective: float | None = None
    divergent: int | None = None


Way = Callable[[Inputs], Answer]


def points(mixtures: dict[str, Mixture], levels: list[float]) -> dict[str, list[float]]:
    """Quantiles of every measure."""
    return {measure: mixture.quantiles(levels).tolist() for measure, mixture in mixtures.items()}


def arrays(given: Inputs) -> dict[str, Any]:
    """The data of the model as the samplers take them."""
    return sampler.arrays(given.rows, given.priors)


def exact() -> Way:
    """The project's own way: integration over a grid of spreads."""

    def run(given: Inputs) -> Answer:
        synthesis = synthesise(given.rows, given.priors)
        return Answer(points({name: synthesis.new_place(name) for name in synthesis.posteriors}, given.levels))

    return run


def numpyro() -> Way:
    """The model in NumPyro, four chains as one vector."""
    import numpyro as library  # noqa: F401 (loaded before the clock starts)

    def run(given: Inputs) -> Answer:
        found = sampler.sample(arrays(given), given.seed, chain_method="vectorized")
        return Answer(points(found.new_place, given.levels), found.r_hat, found.effective, found.divergent)

    return run


def pymc(sampler_name: str = "pymc") -> Way:
    """The same model in PyMC with its defaults: a thousand steps of tuning, a thousand draws, four chains."""
    import arviz
    import pymc as library

    from bench.pymc_model import build

    def run(given: Inputs) -> Answer:
        data = arrays(given)
        with build(data):
            found = library.sample(
                chains=CHAINS, cores=CORES, random_seed=given.seed, progressbar=False, nuts_sampler=sampler_name
            )
        names = [f"{each['measure']}:{part}" for each in data["each"] for part in ("mean", "sd", "weight")]
        drawn = {name: found.posterior[name].to_numpy() for name in names}
        watched = found.posterior[["typical", "factor", *(name for name in names if name.endswith(":mean"))]]
        return Answer(
            points(sampler.new_places(data, drawn), given.levels),
            max(float(values.max()) for values in arviz.rhat(watched).values()),
            min(float(values.min()) for values in arviz.ess(watched).values()),
            int(found.sample_stats["diverging"].sum()),
        )

    return run


def nutpie() -> Way:
    """The same model in PyMC, drawn by nutpie."""
    import nutpie as library  # noqa: F401 (loaded before the clock starts)

    return pymc("nutpie")


WAYS: dict[str, Callable[[], Way]] = {
    "exact": exact,
    "numpyro": numpyro,
    "pymc": pymc,
    "nutpie": nutpie,
}


def main(name: str, folder: Path) -> None:
    """Run one way and write what it found."""
    run = WAYS[name]()
    started = time.perf_counter()
    answer = run(inputs.read(folder))
    found = {"seconds": time.perf_counter() - started, **asdict(answer)}
    (folder / f"{name}.json").write_text(json.dumps(found), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
