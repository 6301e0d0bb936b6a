"""Published meta-analyses with known answers; they check the engine, and nothing of them enters an answer."""

import numpy as np
import pandas as pd

from pipeline.sources import load_raw

COUNTS = ("treated_cases", "treated_healthy", "control_cases", "control_healthy")


def meta_analyses() -> pd.DataFrame:
    """Studies with ``value`` and ``error``; counts of cases become log odds ratios with their standard error."""
    frame = load_raw("reference_meta_analyses", ("value", "variance", *COUNTS, "moderator"))
    treated, healthy, control, control_healthy = (frame[name] for name in COUNTS)
    odds = np.log(treated * control_healthy / healthy / control)
    variance = (1 / frame[list(COUNTS)]).sum(axis=1, skipna=False)
    return pd.DataFrame(
        {
            "dataset": frame["dataset"],
            "study": frame["study"],
            "cluster": frame["cluster"],
            "value": frame["value"].fillna(odds),
            "error": np.sqrt(frame["variance"].fillna(variance)),
            "moderator": frame["moderator"],
        }
    )


def published_results() -> pd.DataFrame:
    """What was published about them: ``dataset``, ``method``, ``quantity``, ``value`` and ``source_id``."""
    return load_raw("reference_results", ("value",))
