"""Write the records of the run into one folder; the command ``export``."""

import subprocess
import sys
import zipfile
from pathlib import Path

from pipeline.kit import declared, paths
from pipeline.kit.provenance import crate, datapackage, prov, run_record
from pipeline.kit.provenance.lineage import LineageError

FOLDER = paths.ROOT / "scratch" / "export"


def records() -> dict[str, str]:
    """The text of every record by the name of its file.

    Raises ``LineageError`` when ``dvc.lock`` is not one run, or when a file that it names is not there.
    """
    if missing := [path for path in run_record.hashes() if not (paths.ROOT / path).exists()]:
        raise LineageError("the files of the run are not there, run `dvc repro`:\n  " + "\n  ".join(missing))
    made = prov.document()
    return {
        "ro-crate-metadata.json": crate.text(crate.crate()),
        "datapackage.json": datapackage.text(),
        "prov.json": prov.text(made),
        "prov.provn": made.get_provn() + "\n",
    }


def write_records(folder: Path = FOLDER) -> int:
    """Write all records; says which files no longer stand as the run left them. Returns the exit code."""
    try:
        found, changed = records(), run_record.changed()
    except LineageError as error:
        print(error, file=sys.stderr)
        return 1
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in found.items():
        (folder / name).write_text(text, encoding="utf-8")
        print(f"{paths.shown(folder / name)} written")
    if changed:
        listed = "\n  ".join(changed)
        print(
            f"changed since the run that is recorded (`dvc repro` brings it up to date):\n  {listed}", file=sys.stderr
        )
    return 0


ARCHIVE = paths.ROOT / "scratch" / f"{declared.name()}.zip"
# An unpacked archive is no git repository; DVC has to be told so.
DVC_WITHOUT_GIT = "[core]\n    no_scm = true\n"
LEFT_OUT = """# What is left out of this archive

{listed}

{consequence}

# What may be used here, but perhaps not passed on

The terms of some sources leave open whether more than single figures may be passed on. The licence of the data of this
project does not cover these tables; ask the publishers, whom `data/raw/sources.yaml` names:

{unclear}
"""


def contents() -> dict[str, bytes]:
    """Every file of the archive by its path.

    Raises ``LineageError`` when a file changed since the run, since results and code would not belong together.
    """
    if changed := run_record.changed():
        raise LineageError("changed since the recorded run, run `dvc repro` first:\n  " + "\n  ".join(changed))
    missing = run_record.tables_under("no")
    names = {*_versioned(), *_made()} - set(missing)
    found = {name: (paths.ROOT / name).read_bytes() for name in names}
    found |= {name: text.encode() for name, text in records().items()}
    found["LEFT_OUT.md"] = _left_out_page(missing).encode()
    found[".dvc/config.local"] = DVC_WITHOUT_GIT.encode()
    return found


def build(target: Path) -> int:
    """Write the archive; returns the number of files in it."""
    found = contents()
    year, month, day = (int(part) for part in run_record.citation().released.split("-"))
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
    outs = [paths.ROOT / path for stage in run_record.stages() for path in stage.outs]
    files = [file for out in outs for file in (out.rglob("*") if out.is_dir() else [out])]
    return [file.relative_to(paths.ROOT).as_posix() for file in files if file.is_file()]


def _left_out_page(missing: dict[str, list[str]]) -> str:
    unclear = _listed(run_record.tables_under("unclear")) or "None."
    if missing:
        listed = f"Tables with rows of sources that are not to be passed on:\n\n{_listed(missing)}"
        consequence = (
            "`dvc repro` stops at stage 00_inputs until the raw tables are put back: their records name the sources."
        )
    else:
        listed = "Nothing: no source forbids passing on its figures."
        consequence = "`dvc repro` reruns the whole pipeline from this archive, without a network."
    return LEFT_OUT.format(listed=listed, consequence=consequence, unclear=unclear)


def _listed(tables: dict[str, list[str]]) -> str:
    """Tables with their sources, as a list in Markdown."""
    return "\n".join(f"- `{path}`: {', '.join(sources)}" for path, sources in tables.items())


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
