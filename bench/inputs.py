"""What every way of fitting the evidence model reads: the rows of the synthesis, its priors, the seed, the level.

``python -m bench.inputs FOLDER`` writes both files, inside a copy of the tree whose stages have run.
"""

import json
import shutil
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

import pandas as pd

from pipeline.kit import paths
from pipeline.study.evidence.tables import EFFECTS
from pipeline.study.synthesis.pooling import Priors

ROWS, SETTINGS = "rows.csv", "settings.json"


@dataclass(frozen=True)
class Inputs:
    """Rows of the synthesis, priors, seed, level of intervals."""

    rows: pd.DataFrame
    priors: Priors
    seed: int
    level: float

    @property
    def levels(self) -> list[float]:
        """Levels of the three quantiles that are compared."""
        return [(1 - self.level) / 2, 0.5, (1 + self.level) / 2]


def write(folder: Path) -> None:
    """Write the inputs of the synthesis, as stage 05 has them."""
    from pipeline.kit.data.contracts import read_clean
    from pipeline.kit.stages.run import read_stage
    from pipeline.params import load_params, select
    from pipeline.study.synthesis.comparisons import variation_between_farms

    values = select(load_params(), read_stage("05_model_evidence")["params"])
    farms = variation_between_farms(read_clean(EFFECTS), values["farm_variation_low"], values["farm_variation_high"])
    priors = Priors(
        (values["fertilizer_prior_mean"], values["fertilizer_prior_sd"]),
        (values["other_prior_mean"], values["other_prior_sd"]),
        spread_scale=values["spread_prior_scale"],
        bias_sd=values["design_bias_sd"],
        near_weight=values["near_weight"],
        variation_log_sd=farms.log_sd,
    )
    settings = {
        "priors": asdict(priors),
        "seed": values["seed"],
        "level": values["interval_level"],
    }
    shutil.copy(paths.tables("05_model_evidence") / ROWS, folder / ROWS)
    (folder / SETTINGS).write_text(json.dumps(settings), encoding="utf-8")


def read(folder: Path) -> Inputs:
    """Read both files."""
    settings = json.loads((folder / SETTINGS).read_text(encoding="utf-8"))
    priors = Priors(**settings.pop("priors"))
    return Inputs(pd.read_csv(folder / ROWS), priors, **settings)


if __name__ == "__main__":
    write(Path(sys.argv[1]))
