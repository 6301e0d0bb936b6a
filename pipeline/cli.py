"""The few commands that people type: ``cacao check``, ``cacao deps STAGE``, ``cacao params``, ``cacao export``."""

import argparse
import sys
from pathlib import Path

from pipeline import check, paths
from pipeline.dependencies import dependencies
from pipeline.params import ParameterError, load_params, render_params


def write_params() -> int:
    """Write ``params.yaml`` again around its present values, with meanings and bounds from the model."""
    text = render_params(load_params())
    paths.PARAMS.write_text(text, encoding="utf-8")
    print(f"{paths.shown(paths.PARAMS)} written")
    return 0


def show_dependencies(stage: str) -> int:
    """Print what ``dvc.yaml`` must list as dependencies of a stage, ready to paste."""
    if not (paths.NOTEBOOKS / f"{stage}.ipynb").exists():
        print(f"there is no notebook named {stage!r} in notebooks/", file=sys.stderr)
        return 2
    print("\n".join(f"      - {path}" for path in dependencies(stage)))
    return 0


def export(folder: str | None) -> int:
    """Write the records of the run as RO-Crate, Data Package and PROV."""
    from pipeline.publish.records import export as records  # needs libraries that no other command loads

    return records.main(Path(folder) if folder else records.FOLDER)


def main(arguments: list[str] | None = None) -> int:
    """Run one command; returns the exit code."""
    parser = argparse.ArgumentParser(prog="cacao", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("check", help="check parameters and raw tables, as stage 00_inputs does")
    commands.add_parser("params", help="write params.yaml again around its present values")
    stage = commands.add_parser("deps", help="print the dependencies of a stage")
    stage.add_argument("stage", help="name of a notebook without .ipynb")
    records = commands.add_parser("export", help="write the records of the run: RO-Crate, Data Package, PROV")
    records.add_argument("folder", nargs="?", help="folder to write to (scratch/export)")
    chosen = parser.parse_args(arguments)
    try:
        if chosen.command == "deps":
            return show_dependencies(chosen.stage)
        if chosen.command == "export":
            return export(chosen.folder)
        return check.main() if chosen.command == "check" else write_params()
    except ParameterError as error:
        print(error, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
