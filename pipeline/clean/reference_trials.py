"""Published dose trials on other crops, against which the fit of response curves is checked."""

import pandas as pd

from pipeline.sources import load_raw


def maize_trials() -> pd.DataFrame:
    """Yields of maize by dose of nitrogen, in the unit printed; one row per plot or mean, as published."""
    frame = load_raw("reference_dose_trials", ("year", "dose_kg_per_ha", "yield_value"))
    return frame.astype({"year": "int64"})
