"""The few commands that people type: ``cacao check``, ``deps STAGE``, ``params``, ``sources refresh [ID]``."""

import argparse
import sys

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


def refresh_sources(source: str | None, accepted: bool) -> int:
    """Fetch one source or all from their publishers and show what changed; replace the snapshot if accepted."""
    from pipeline import refresh  # downloads and workbooks are not needed by other commands
    from pipeline.sources import SourceError

    try:
        failed = refresh.refresh_all(refresh.find(source), accepted)
    except SourceError as error:
        failed = [error]
    print(*failed, sep="\n", end="\n" if failed else "", file=sys.stderr)
    return 1 if failed else 0


def main(arguments: list[str] | None = None) -> int:
    """Run one command; returns the exit code."""
    parser = argparse.ArgumentParser(prog="cacao", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("check", help="check parameters and raw tables, as stage 00_inputs does")
    commands.add_parser("params", help="write params.yaml again around its present values")
    stage = commands.add_parser("deps", help="print the dependencies of a stage")
    stage.add_argument("stage", help="name of a notebook without .ipynb")
    sources = commands.add_parser("sources", help="work on the raw sources")
    refresh = sources.add_subparsers(dest="action", required=True).add_parser(
        "refresh", help="fetch sources again from their publishers and show what changed"
    )
    refresh.add_argument("source", nargs="?", metavar="ID", help="one source of data/raw/sources.yaml; all if left out")
    refresh.add_argument("--accept", action="store_true", help="replace the snapshot in data/raw by what was fetched")
    chosen = parser.parse_args(arguments)
    try:
        if chosen.command == "sources":
            return refresh_sources(chosen.source, chosen.accept)
        if chosen.command == "deps":
            return show_dependencies(chosen.stage)
        return check.main() if chosen.command == "check" else write_params()
    except ParameterError as error:
        print(error, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
