"""Write the records of the run into one folder; the command ``cacao export``."""

import sys
from pathlib import Path

from pipeline import paths
from pipeline.lineage import LineageError
from pipeline.publish.records import crate, datapackage, prov, run

FOLDER = paths.ROOT / "scratch" / "export"


def records() -> dict[str, str]:
    """The text of every record by the name of its file.

    Raises ``LineageError`` when ``dvc.lock`` is not one run, or when a file that it names is not there.
    """
    if missing := [path for path in run.hashes() if not (paths.ROOT / path).exists()]:
        raise LineageError("the files of the run are not there, run `dvc repro`:\n  " + "\n  ".join(missing))
    made = prov.document()
    return {
        "ro-crate-metadata.json": crate.text(crate.crate()),
        "datapackage.json": datapackage.text(),
        "prov.json": prov.text(made),
        "prov.provn": made.get_provn() + "\n",
    }


def main(folder: Path = FOLDER) -> int:
    """Write all records; says which files no longer stand as the run left them. Returns the exit code."""
    try:
        found, changed = records(), run.changed()
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
