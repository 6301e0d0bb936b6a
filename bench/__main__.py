"""Measure the speed of the project on copies of the working tree: ``python -m bench [PART...]``.

Without a name all parts are measured. Each is written down as soon as it is there, so that a later one that fails, or
is stopped, loses nothing.
"""

import sys
import tempfile
from pathlib import Path

from bench import report
from bench.measure import BenchError
from bench.parts import PARTS


def main(asked: list[str]) -> int:
    """Measure the parts that are asked for and write ``docs/benchmark.md``; returns the exit code."""
    if unknown := [name for name in asked if name not in PARTS]:
        print(f"there is no part {', '.join(unknown)}; there are: {', '.join(PARTS)}", file=sys.stderr)
        return 2
    try:
        with tempfile.TemporaryDirectory(prefix="cacao-bench-") as folder:
            for name in asked or PARTS:
                report.keep(name, *PARTS[name](Path(folder).resolve()))
                report.write_page(list(PARTS))
    except BenchError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
