"""Where the survey keeps its files; tests put another folder in the place of ``ROOT``."""

from pathlib import Path

from pipeline import paths

ROOT = paths.ROOT


def private() -> Path:
    """Folder of all that is personal; outside git and DVC, never read by a stage."""
    return ROOT / "survey" / "private"


def plots() -> Path:
    """The table of plots without anything personal, for the stages."""
    return ROOT / "data" / "survey" / "plots.csv"
