"""Check all inputs before any notebook starts, and write the pages that describe them.

Stage ``00_inputs``. Every other stage depends on the file it leaves, whose content never changes, so that a
bad parameter or a raw table that was changed stops the whole pipeline, and a good one reruns nothing by itself.
"""

import sys

from pipeline.kit import declared, paths
from pipeline.kit.data import contracts, sources
from pipeline.kit.stages.inputs import guarded
from pipeline.params import ParameterError, load_params, parameter_page
from pipeline.study.tables import TABLES


def main() -> int:
    """Validate parameters and raw tables, write the pages; returns the exit code."""
    try:
        load_params()
        tables = sources.verify()
    except (ParameterError, sources.SourceError) as error:
        print(f"00_inputs: {error}", file=sys.stderr)
        return 1
    folder = paths.GATE.parent
    for path in (folder, paths.CLEAN):
        path.mkdir(parents=True, exist_ok=True)
    paths.GATE.write_text("Parameters are valid and raw tables are as recorded.\n", encoding="utf-8")
    (folder / "parameters.md").write_text(parameter_page(), encoding="utf-8")
    (folder / "sources.md").write_text(sources.source_page(), encoding="utf-8")
    (paths.CLEAN / "datapackage.json").write_text(
        contracts.datapackage(TABLES, f"{declared.name()}-clean", declared.title()), encoding="utf-8"
    )
    print(f"00_inputs: parameters valid, {tables} raw tables as recorded")
    return 0


if __name__ == "__main__":
    sys.exit(guarded("00_inputs", main))
