"""Result tables that one stage writes and later stages read, among them the draws behind every interval."""

import pandas as pd

from pipeline import paths, usage


def write_table(name: str, frame: pd.DataFrame) -> pd.DataFrame:
    """Write a result table of the running stage as CSV; returns it as given."""
    path = paths.output(paths.tables(paths.stage()) / f"{name}.csv")
    usage.remember(frame)
    frame.to_csv(path, index=False, float_format="%.6g", lineterminator="\n")
    return frame


def read_table(stage: str, name: str) -> pd.DataFrame:
    """Read a result table of a stage."""
    return pd.read_csv(paths.tables(stage) / f"{name}.csv")
