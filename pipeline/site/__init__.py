"""The site: the executed notebooks, the registers and the origin of every number as pages in both languages."""

from pathlib import Path

THEME = Path(__file__).parent / "theme"
