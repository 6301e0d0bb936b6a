"""Measure the speed of the project on copies of the working tree: ``python -m bench [PART...]``.

Without a name all parts are measured. Each is written down as soon as it is there, so that a later one that fails, or
is stopped, loses nothing.
"""

import sys
import tempfile
from pathlib import Path

from bench import answers, comparison, growth, opened, page, survey, ways
from bench.measure import BenchError

# In the order of the page; the survey leaves its plots in the copy that parts share, so it comes last.
PARTS = {
    "latest": ways.STAGES,
    "stages": answers.STAGES,
    "models": comparison.PART,
    "pages": answers.PAGES,
    "opened": opened.PART,
    "small": ways.SMALL,
    "growth": growth.PART,
    "survey": survey.PART,
}


def main(asked: list[str]) -> int:
    """Measure the parts that are asked for and write ``docs/benchmark.md``; returns the exit code."""
    if unknown := [name for name in asked if name not in PARTS]:
        print(f"there is no part {', '.join(unknown)}; there are: {', '.join(PARTS)}", file=sys.stderr)
        return 2
    try:
        with tempfile.TemporaryDirectory(prefix="cacao-bench-") as folder:
            for name in asked or PARTS:
                page.keep(name, PARTS[name], PARTS[name].measure(Path(folder).resolve()))
                page.write_page(list(PARTS))
    except BenchError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
