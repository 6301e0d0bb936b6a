"""Files and folders of the crate: what the run read and made, with hash, licence and, for raw tables, sources."""

from pathlib import PurePosixPath
from typing import Any

from rocrate.rocrate import ROCrate

from pipeline.publish.records import run
from pipeline.publish.records.entities import refer, software_ids
from pipeline.sources import load_registry
from pipeline.tables import TABLES

FORMATS = {
    ".csv": "text/csv",
    ".ipynb": "application/x-ipynb+json",
    ".json": "application/json",
    ".md": "text/markdown",
    ".pdf": "application/pdf",
    ".png": "image/png",
    ".py": "text/x-python",
    ".svg": "image/svg+xml",
    ".yaml": "application/yaml",
}
PAGES = {
    "CITATION.cff": "How to cite",
    "LICENSE": "Licence of the code",
    "LICENSE-DATA.md": "Licence of data, text and figures",
    "data/raw/sources.yaml": "Register of sources",
    "dvc.lock": "Hashes of everything that the run read and made",
    "params.yaml": "Parameters of the run",
    "requirements.lock": "Versions and hashes of all libraries",
}


def file_id(path: str) -> str:
    """Id of a file or folder in the crate; that of a folder ends with a slash."""
    return f"{path}/" if path in run.folders() else path


def add_files(made: ROCrate) -> None:
    """Every file and folder of the run, all raw tables, and the pages that go with them."""
    raw = {f"data/raw/{name}": table for name, table in load_registry()["tables"].items()}
    titles = {f"data/clean/{table.name}.csv": table.title for table in TABLES} | PAGES
    titles |= {path: table["title"] for path, table in raw.items()} | {"data/raw": "Figures as published"}
    parts: dict[str, list[str]] = {}
    for path in sorted({*run.hashes(), *titles}):
        properties: dict[str, Any] = {"name": titles.get(path, path), "license": refer(run.licences(path))}
        properties |= {"md5": run.hashes()[path]} if path in run.hashes() else {}
        properties |= _origin(raw[path]) if path in raw else {}
        if path in run.folders():
            made.add_dataset(dest_path=path, properties=properties)
            continue
        made.add_file(dest_path=path, properties=properties | _kind(path))
        for folder in run.folders():
            if path.startswith(f"{folder}/"):
                parts.setdefault(folder, []).append(path)
    for folder, files in parts.items():
        made.get(file_id(folder))["hasPart"] = refer(files)


def _origin(table: dict[str, Any]) -> dict[str, Any]:
    """What the register says of a raw table: its hash, what was done, and the sources of its rows."""
    sources = refer(f"#source/{key}" for key in table["sources"])
    return {"sha256": table["sha256"], "description": table["what_was_done"], "isBasedOn": sources}


def _kind(path: str) -> dict[str, Any]:
    """Type and format of a file; for what a stage runs also the software and the parameters that it needs."""
    suffix = PurePosixPath(path).suffix
    kinds = ["File", "SoftwareSourceCode"] if suffix in (".py", ".ipynb") else ["File"]
    properties: dict[str, Any] = {"encodingFormat": FORMATS.get(suffix, "text/plain")}
    stage = next((stage for stage in run.stages() if run.executable(stage) == path), None)
    if stage:
        kinds.append("SoftwareApplication")
        properties |= {"softwareRequirements": refer(software_ids()), "version": run.citation().version}
        properties["input"] = refer(f"#parameter/{name}" for name in stage.parameters)
    return {"@type": kinds if len(kinds) > 1 else "File", **properties}
