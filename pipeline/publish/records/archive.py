"""One zip file with everything that is needed to read and to rerun the run: code, data, results, records, licences.

``make archive`` builds it. The same run gives the same bytes: names are sorted and all files carry the date of the
version. A raw table with a source that may not be passed on is left out, with the clean tables made from it.
"""

import subprocess
import sys
import zipfile
from pathlib import Path

from pipeline import paths
from pipeline.lineage import LineageError
from pipeline.publish.records import export, run
from pipeline.sources import load_registry

ARCHIVE = paths.ROOT / "scratch" / "kutim-cacao.zip"
# An unpacked archive is no git repository; DVC has to be told so.
DVC_WITHOUT_GIT = "[core]\n    no_scm = true\n"
LEFT_OUT = """# What is left out of this archive

{listed}

{consequence}
"""


def left_out() -> dict[str, str]:
    """Tables that may not be passed on, each with the reason: raw ones, and clean ones of a stage that reads them."""
    registry = load_registry()
    found = {}
    for name, table in sorted(registry["tables"].items()):
        barred = [key for key in table["sources"] if registry["sources"][key]["redistribute"] == "no"]
        if barred:
            raw = f"data/raw/{name}"
            found[raw] = f"not to be passed on: {', '.join(barred)}"
            made = [path for stage in run.stages() if raw in stage.deps for path in stage.outs]
            found |= {path: f"made by a stage that reads {raw}" for path in made if path.startswith("data/clean/")}
    return found


def contents() -> dict[str, bytes]:
    """Every file of the archive by its path.

    Raises ``LineageError`` when a file changed since the run, since results and code would not belong together.
    """
    if changed := run.changed():
        raise LineageError("changed since the recorded run, run `dvc repro` first:\n  " + "\n  ".join(changed))
    missing = left_out()
    names = {*_versioned(), *_made()} - set(missing)
    found = {name: (paths.ROOT / name).read_bytes() for name in names}
    found |= {name: text.encode() for name, text in export.records().items()}
    found["LEFT_OUT.md"] = _left_out_page(missing).encode()
    found[".dvc/config.local"] = DVC_WITHOUT_GIT.encode()
    return found


def build(target: Path) -> int:
    """Write the archive; returns the number of files in it."""
    found = contents()
    year, month, day = (int(part) for part in run.citation().released.split("-"))
    target.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(target, "w") as archive:
        for name in sorted(found):
            entry = zipfile.ZipInfo(name, (year, month, day, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system, entry.external_attr = 3, 0o644 << 16  # the same on every system
            archive.writestr(entry, found[name])
    return len(found)


def _versioned() -> list[str]:
    """Files under version control, as they stand in the folder."""
    try:
        listing = subprocess.run(["git", "ls-files", "-z"], cwd=paths.ROOT, capture_output=True, text=True).stdout
    except OSError:
        listing = ""
    names = [name for name in listing.split("\0") if (paths.ROOT / name).is_file()]
    # An unpacked archive inside the repository of something else has a list too, but an empty one.
    if "dvc.yaml" not in names:
        raise LineageError("the archive is built from a git clone of the project: the list of its files comes from git")
    return names


def _made() -> list[str]:
    """Files that the stages made."""
    outs = [paths.ROOT / path for stage in run.stages() for path in stage.outs]
    files = [file for out in outs for file in (out.rglob("*") if out.is_dir() else [out])]
    return [file.relative_to(paths.ROOT).as_posix() for file in files if file.is_file()]


def _left_out_page(missing: dict[str, str]) -> str:
    if not missing:
        consequence = "`dvc repro` reruns the whole pipeline from this archive, without a network."
        return LEFT_OUT.format(listed="Nothing: every raw table may be passed on.", consequence=consequence)
    listed = "\n".join(f"- `{path}`: {why}" for path, why in missing.items())
    consequence = (
        "`dvc repro` stops at stage 00_inputs until the raw tables are put back: their records name the sources."
    )
    return LEFT_OUT.format(listed=listed, consequence=consequence)


def main() -> int:
    """Build the archive in ``scratch``; returns the exit code."""
    try:
        count = build(ARCHIVE)
    except LineageError as error:
        print(error, file=sys.stderr)
        return 1
    print(f"{paths.shown(ARCHIVE)} written: {count} files")
    return 0


if __name__ == "__main__":
    sys.exit(main())
