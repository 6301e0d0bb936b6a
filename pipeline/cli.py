"""The few commands that people type; ``cacao --help`` lists them, ``cacao COMMAND --help`` explains one."""

import argparse
import os
import sys
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Any

from pipeline.kit import paths

# By this file a folder is known as a project that commands work on.
PROJECT = Path("pipeline") / "cli.py"
# A notebook that runs, for a new stage.
TEMPLATE = paths.ROOT / "pipeline" / "study" / "new_notebook.ipynb"

# What only one command needs is imported in it, so that the others start without.
Command = Callable[[argparse.Namespace], int]


def check(chosen: argparse.Namespace) -> int:
    """Check parameters and raw tables, as stage ``00_inputs`` does."""
    from pipeline import check

    return check.main()


def params(chosen: argparse.Namespace) -> int:
    """Write ``params.yaml`` again around its present values, with meanings and bounds from the model."""
    from pipeline.params import load_params, render_params

    paths.PARAMS.write_text(render_params(load_params()), encoding="utf-8")
    print(f"{paths.shown(paths.PARAMS)} written")
    return 0


def deps(chosen: argparse.Namespace) -> int:
    """Print what ``dvc.yaml`` must list as dependencies of a stage, ready to paste."""
    from pipeline.kit.stages.dependencies import dependencies

    if not (paths.NOTEBOOKS / f"{chosen.stage}.ipynb").exists():
        print(f"there is no notebook named {chosen.stage!r} in notebooks/", file=sys.stderr)
        return 2
    print("\n".join(f"    - {path}" for path in dependencies(chosen.stage)))
    return 0


def new(chosen: argparse.Namespace) -> int:
    """Make a stage that runs: a notebook to be filled in, its entry in ``dvc.yaml``, its place in the picture."""
    from pipeline.kit.stages.new import NewStageError, new_stage

    try:
        made = new_stage(chosen.name, chosen.title, chosen.judul, TEMPLATE)
    except NewStageError as error:
        print(error, file=sys.stderr)
        return 2
    changed = " and ".join(map(paths.shown, made[1:]))
    print(f"{paths.shown(made[0])} written, {changed} changed (git diff shows how); next: cacao repro {chosen.name}")
    return 0


def evidence(chosen: argparse.Namespace) -> int:
    """Add a study to the evidence (new, check, add); keep forecasts of studies to come, and score them later."""
    from pipeline.refresh import new_study

    if chosen.action in ("new", "check", "add") and not chosen.study:
        print(
            f"cacao evidence {chosen.action} needs {'a name' if chosen.action == 'new' else 'a file'}", file=sys.stderr
        )
        return 2
    if chosen.action == "new":
        path = paths.shown(new_study.template(chosen.study))
        print(f"{path} written; fill it in, then: cacao evidence check {path}")
        return 0
    if chosen.action in ("keep", "score"):
        return _forecasts(chosen.action)
    study = new_study.read(Path(chosen.study))
    print(new_study.said(study))
    if chosen.action == "check":
        print(f"nothing is missing; next: cacao evidence add {chosen.study}")
        return 0
    new_study.add(study)
    print(
        "added to data/raw (git diff shows it, git checkout data/raw takes it back); next: cacao evidence score says "
        "how it was foretold, cacao repro computes anew, cacao changes HEAD says what moved"
    )
    return 0


def prices(chosen: argparse.Namespace) -> int:
    """Record what somebody was paid for beans or fertilizer, with who said it (add)."""
    import datetime

    from pipeline.refresh.new_price import NewPrice, PriceError, add

    names = ("item", "place", "group", "price", "date", "said_by", "words", "url", "market", "per")
    try:
        key = add(NewPrice(**{name: getattr(chosen, name) for name in names}), datetime.date.today())
    except PriceError as error:
        print(error, file=sys.stderr)
        return 1
    print(
        f"{key} added to data/raw (git diff shows it, git checkout data/raw takes it back); next: cacao repro "
        "15_prices says what villages are paid, cacao changes HEAD what moved"
    )
    return 0


def _forecasts(action: str) -> int:
    import datetime

    from pipeline.kit.provenance.releases import commit_of
    from pipeline.params import load_params
    from pipeline.study.validation import forecasts

    if action == "keep":
        print(f"{paths.shown(forecasts.keep(datetime.date.today(), commit_of('HEAD'), load_params()))} written")
        return 0
    found = forecasts.score(forecasts.rows_now(load_params())[0])
    if found.empty:
        print("no study with a number, of a programme that was not known, has been added since the forecasts were made")
        return 0
    print(found.round(3).to_string(index=False))
    inside = found["position"].between(0.1, 0.9)
    print(f"{int(inside.sum())} of {len(found)} lie in their 80 % interval")
    return 0


def repro(chosen: argparse.Namespace) -> int:
    """Run every stage whose inputs changed, as `dvc repro` does, but independent stages side by side."""
    from pipeline.kit.locks import exclusive
    from pipeline.kit.rerun import lockfile
    from pipeline.kit.rerun.request import Request

    asked = {field.name: getattr(chosen, field.name) for field in fields(Request)}
    request = Request(**asked | {"targets": tuple(chosen.targets)})
    os.chdir(paths.ROOT)
    if request.is_plain and lockfile.unchanged():
        print("every stage is up to date")
        return 0
    # Imported only when there is something to do.
    from pipeline.kit.rerun.one_run import run

    with exclusive("repro", "a run of the stages"):
        return run(request)


def trace(chosen: argparse.Namespace) -> int:
    """Show where a number, figure, table or cell comes from, back to the sources."""
    import json
    import webbrowser

    from pipeline.kit.provenance import trace_pages
    from pipeline.kit.provenance.trace import trace

    chain = trace(chosen.subject)
    print(json.dumps(chain, indent=1, ensure_ascii=False) if chosen.json else trace_pages.text_page(chain))
    if chosen.open:
        page = paths.output(paths.ROOT / "trace.html")
        page.write_text(trace_pages.html_page(chain), encoding="utf-8")
        webbrowser.open(page.as_uri())
    return 0


def why(chosen: argparse.Namespace) -> int:
    """Say why a stage would run again: what changed, from what to what."""
    from pipeline.kit.provenance.lineage import reasons, stale_upstream

    own, before = reasons(chosen.stage), stale_upstream(chosen.stage)
    if not own and not before:
        print(f"{chosen.stage} would not run again: nothing it depends on has changed")
    elif not own:
        print(f"{chosen.stage} would run again only if one of these changes what it reads:")
    _show({**({chosen.stage: own} if own else {}), **before})
    return 0


def status(chosen: argparse.Namespace) -> int:
    """List the stages that would run again, and why; with ``--check`` that is an error."""
    from pipeline.kit.provenance.lineage import stale

    found = stale()
    _show(found)
    if not found:
        print("every stage is up to date")
    return int(bool(found) and chosen.check)


def verify(chosen: argparse.Namespace) -> int:
    """Check that every published number comes out again, and write a report to file."""
    from pipeline.kit.provenance import verify as provenance_verify
    from pipeline.kit.provenance.checks import machine
    from pipeline.kit.provenance.verify import summary
    from pipeline.kit.provenance.verify import verify as checked

    checks = checked(chosen.quick)
    written = ", ".join(
        map(paths.shown, provenance_verify.write(checks, machine(), chosen.quick, provenance_verify.where()))
    )
    print("\n".join(provenance_verify.lines(checks)))
    print(f"\n{summary(checks)}\n\n{provenance_verify.verdict(checks)}\nreport: {written}")
    return int(not provenance_verify.passed(checks))


def changes(chosen: argparse.Namespace) -> int:
    """List the numbers that moved since a release or commit, by how much, and what has changed of what they rest on."""
    from pipeline.kit.provenance import releases

    known = {made["version"]: made for made in releases.statements()}
    since = chosen.since or (list(known)[-1] if known else "HEAD")
    before = releases.state_of(known[since]) if since in known else releases.committed(since)
    found = releases.changes(before, releases.present())
    print("\n".join([*releases.lines(found), f"{len(found)} numbers are not as in {since}"]))
    return 0


def release(chosen: argparse.Namespace) -> int:
    """State what is committed as a release: its numbers, parameters, sources and code, with a hash of all."""
    from pipeline.kit.provenance import releases
    from pipeline.kit.provenance.run_record import citation

    version, day = (citation().version, citation().released) if not chosen.version else (chosen.version, chosen.date)
    written = releases.write(releases.statement(version, day, chosen.commit), chosen.sign)
    print(f"{paths.shown(written)} written{' and signed' if chosen.sign else ', not signed'}: commit it")
    return 0


def record(chosen: argparse.Namespace) -> int:
    """Record the present results as the published ones, after `dvc repro` and a look at what changed."""
    from pipeline.kit.provenance import reference

    tables = reference.write()
    print(f"{paths.shown(reference.folder())}: " + ", ".join(f"{len(table)} {name}" for name, table in tables.items()))
    return 0


def numerals(chosen: argparse.Namespace) -> int:
    """List numbers in results paragraphs that do not come from an estimate by its key; any is an error."""
    from pipeline.site.text_checks import bare_numerals

    found = bare_numerals()
    print("\n".join(found) or "every number in a results paragraph comes from an estimate")
    return int(bool(found))


def sources(chosen: argparse.Namespace) -> int:
    """Fetch one source or all again from their publishers, and show what changed."""
    from pipeline.refresh.command import find, refresh_all

    failed = refresh_all(find(chosen.source), chosen.accept)
    print(*failed, sep="\n", end="\n" if failed else "", file=sys.stderr)
    return int(bool(failed))


def export(chosen: argparse.Namespace) -> int:
    """Write the records of the run as RO-Crate, Data Package and PROV."""
    from pathlib import Path

    from pipeline.kit.provenance.archive import FOLDER
    from pipeline.kit.provenance.archive import write_records as write_all

    return write_all(Path(chosen.folder) if chosen.folder else FOLDER)


def survey(chosen: argparse.Namespace) -> int:
    """Write the form of the plot survey, take in its exports, or delete one farmer's records."""
    from pipeline.survey.command import main as run_command
    from pipeline.survey.form import main as write_form

    first, *rest = chosen.words or ["--help"]
    return write_form(rest) if first == "form" else run_command([first, *rest])


def _show(found: dict[str, list[str]]) -> None:
    for stage, lines in found.items():
        print("\n".join([stage, *(f"  {line}" for line in lines)]))


def jobs(text: str) -> int:
    """A number of stages at a time: 1 or more."""
    number = int(text)
    if number < 1:
        raise ValueError(f"{text} is not a number of stages")
    return number


class OnlyInDvc(argparse.Action):
    """An option of ``dvc repro`` that is refused here, with where it is to be had."""

    def __call__(self, parser: argparse.ArgumentParser, chosen: Any, values: Any, option: str | None = None) -> None:
        """Say so and end."""
        parser.error(f"{option} is not honoured here; `dvc repro {option}` does it, one stage after the other")


def flag(*names: str, to: str, says: str) -> tuple[tuple[str, ...], dict[str, Any]]:
    """An option without a value."""
    return names, {"dest": to, "action": "store_true", "help": says}


def refused(*names: str) -> tuple[tuple[str, ...], dict[str, Any]]:
    """An option that only DVC has."""
    return names, {"nargs": 0, "action": OnlyInDvc, "help": argparse.SUPPRESS}


# The options of `dvc repro`, with its meaning, and two of our own.
REPRO: list[tuple[str | tuple[str, ...], dict[str, Any]]] = [
    ("targets", {"nargs": "*", "help": "stages to bring up to date with what they need; all if left out"}),
    flag("-f", "--force", to="force", says="run stages that have not changed, too"),
    flag("-s", "--single-item", to="single", says="run the named stages alone, without what they need"),
    flag("-p", "--pipeline", to="pipeline", says="run all that hangs together with the named stages"),
    flag("--downstream", to="downstream", says="run the named stages and all that is made from them"),
    flag("--glob", to="glob", says="names may have wildcards: '0*_clean_*'"),
    flag("--dry", to="dry", says="only say what would run; exits with 1 when something would"),
    flag("-k", "--keep-going", to="keep_going", says="go on with what does not need a failed stage, as always here"),
    (
        "--no-run-cache",
        {"dest": "run_cache", "action": "store_false", "help": "run what changed, even if it has run before"},
    ),
    (("-j", "--jobs"), {"type": jobs, "help": "stages at a time; if left out, one for each core or worker"}),
    ("--on", {"default": "", "metavar": "ADDRESS", "help": "run the stages on the workers of this Dask scheduler"}),
    refused("-i", "--interactive"),
    refused("-P", "--all-pipelines"),
    refused("-R", "--recursive"),
    *(refused(name) for name in ("--force-downstream", "--pull", "--allow-missing", "--ignore-errors", "--no-commit")),
]
COMMANDS: dict[Command, list[tuple[str | tuple[str, ...], dict[str, Any]]]] = {
    check: [],
    params: [],
    new: [
        ("name", {"help": "two digits, an underscore, words: 15_rain"}),
        ("title", {"help": "its question in English"}),
        ("judul", {"help": "its question in Indonesian"}),
    ],
    evidence: [
        ("action", {"choices": ["new", "check", "add", "keep", "score"]}),
        ("study", {"nargs": "?", "help": "new: a name, as hoffmann2020; check and add: the file that new wrote"}),
    ],
    prices: [
        ("action", {"choices": ["add"]}),
        ("item", {"help": "as cocoa_dry_not_stated, cocoa_wet, npk; see data/raw/local_prices.csv"}),
        ("place", {"help": 'as "Karangan, Kutai Timur"'}),
        ("price", {"type": float, "help": "in rupiah"}),
        ("date", {"help": "as precise as known: 2026-11-20, 2026-11 or 2026"}),
        ("--said-by", {"required": True, "help": "an office, a paper, 'a collector'; published, so no person's name"}),
        ("--words", {"required": True, "help": "the figure as it was said or printed"}),
        ("--url", {"default": "", "help": "the page, where there is one"}),
        ("--group", {"default": "kutai_timur", "help": "group of places; kutai_timur if left out"}),
        ("--market", {"default": "farm_gate", "help": "level of the market; farm_gate if left out"}),
        ("--per", {"default": "kg", "help": "kg, quintal (100 kg) or sack50 (50 kg); kg if left out"}),
    ],
    deps: [("stage", {"help": "name of a notebook without .ipynb"})],
    repro: REPRO,
    trace: [
        ("subject", {"help": "key of an estimate; path or name of a figure or table; TABLE:LINE:COLUMN for a cell"}),
        ("--json", {"action": "store_true", "help": "the same for machines"}),
        ("--open", {"action": "store_true", "help": "also open it as a page in the browser"}),
    ],
    why: [("stage", {"help": "name of a stage in dvc.yaml"})],
    numerals: [],
    export: [("folder", {"nargs": "?", "help": "folder to write to, scratch/export if left out"})],
    sources: [
        ("action", {"choices": ["refresh"]}),
        ("source", {"nargs": "?", "metavar": "ID", "help": "a source of data/raw/sources.yaml; all if left out"}),
        ("--accept", {"action": "store_true", "help": "replace the snapshot in data/raw by what was fetched"}),
    ],
    survey: [("words", {"nargs": argparse.REMAINDER, "metavar": "form|import|forget|expire ..."})],
    record: [],
    changes: [("since", {"nargs": "?", "help": "a release or a commit; the last release if left out"})],
    release: [
        ("--commit", {"default": "HEAD", "help": "the commit that is released"}),
        ("--sign", {"default": "", "metavar": "KEY", "help": "private key of a maintainer, as ssh-keygen makes them"}),
        ("--version", {"default": "", "help": "of an earlier release; that of CITATION.cff if left out"}),
        ("--date", {"default": "", "help": "the day of an earlier release"}),
    ],
    verify: [("--quick", {"action": "store_true", "help": "check hashes only, run nothing again"})],
    status: [("--check", {"action": "store_true", "help": "exit with 1 when a stage would run again"})],
}


def explains_itself(error: Exception) -> bool:
    """Whether the message of an error is all that its reader needs."""
    # Imported only now: a command that goes well must not wait for them.
    from pipeline.kit.data.sources import SourceError
    from pipeline.kit.provenance.lineage import LineageError
    from pipeline.kit.yaml_text import FileError
    from pipeline.params import ParameterError

    return isinstance(error, ParameterError | SourceError | LineageError | FileError | OSError)


def main(arguments: list[str] | None = None) -> int:
    """Run one command; returns the exit code: 1 for an error that the message explains."""
    parser = argparse.ArgumentParser(prog="cacao", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    for command, options in COMMANDS.items():
        own = commands.add_parser(command.__name__, help=command.__doc__, description=command.__doc__)
        own.set_defaults(run=command)
        for name, settings in options:
            own.add_argument(*([name] if isinstance(name, str) else name), **settings)
    try:
        chosen = parser.parse_args(arguments)
        run: Command = chosen.run
        code = run(chosen)
        sys.stdout.flush()
    except BrokenPipeError:
        # Who reads has seen enough; what is left is not written when Python ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:
        print(error if explains_itself(error) else unforeseen(error), file=sys.stderr)
        return 1
    return code


def unforeseen(error: Exception) -> str:
    """What is said of an error that nobody thought of; its traceback is kept for those who mend it."""
    import traceback

    kept = paths.ROOT / "scratch" / "traceback.txt"
    kept.parent.mkdir(exist_ok=True)
    kept.write_text("".join(traceback.format_exception(error)), encoding="utf-8", errors="backslashreplace")
    return f"a fault of the project: {type(error).__name__}: {error}. Its traceback is in {paths.shown(kept)}"


def here() -> int:
    """Run a command on the project that one stands in, with its own code, whichever project is installed."""
    folder = next((place for place in (Path.cwd(), *Path.cwd().parents) if (place / PROJECT).is_file()), None)
    if folder is None:
        print(f"{Path.cwd()} is in no project: go to the folder of the one to work on", file=sys.stderr)
        return 2
    if folder.resolve() == paths.ROOT:
        return main()
    others = [path for path in os.environ.get("PYTHONPATH", "").split(os.pathsep) if path]
    os.environ["PYTHONPATH"] = os.pathsep.join([str(folder), *others])
    os.execv(sys.executable, [sys.executable, "-m", "pipeline.cli", *sys.argv[1:]])


if __name__ == "__main__":
    sys.exit(here())
