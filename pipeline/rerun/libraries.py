"""Which libraries are worth importing once for all notebooks: those that the code of the stages imports."""

import re
import sys
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

IMPORT = re.compile(
    r"""^[ \t"]*(?:from[ ]([\w.]+)[ ]import[ ](?:\(([\w\s,]+)\)|([\w ,]+))|import[ ]([\w.]+))""",
    re.MULTILINE | re.VERBOSE,
)
# These look at their surroundings when they are imported, and would find no notebook.
NEVER = {"matplotlib.pyplot", "matplotlib_inline", "IPython", "tqdm"}


def of_files(folder: Path, dependencies: Iterable[str]) -> set[str]:
    """Libraries that the code and the notebooks among the dependencies of a stage import."""
    code = [folder / path for path in dependencies if path.endswith((".py", ".ipynb"))]
    texts = [path.read_text(encoding="utf-8", errors="replace") for path in code if path.is_file()]
    return {name for text in texts for name in names(text)}


def names(text: str) -> Iterable[str]:
    """Modules that one text imports, without those of Python and of the project.

    What is imported from a package may be a module of it, which some packages load only then (``scipy.stats``): both
    are named, and the server finds out.
    """
    for found in IMPORT.finditer(text):
        package, bracketed, listed, plain = found.groups()
        parts = [part.split()[0] for part in (bracketed or listed or "").split(",") if part.strip()]
        for name in [plain] if plain else [package, *(f"{package}.{part}" for part in parts)]:
            top = name.split(".")[0]
            if top and top not in sys.stdlib_module_names and top != "pipeline" and not {top, name} & NEVER:
                yield name


def common(stages: Iterable[set[str]]) -> list[str]:
    """Libraries that at least half of the stages import, those of most stages first."""
    stages = list(stages)
    counted = Counter(name for stage in stages for name in stage)
    often = [name for name, count in counted.items() if 2 * count >= len(stages)]
    return sorted(often, key=lambda name: (-counted[name], name))
