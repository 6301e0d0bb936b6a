"""Data Package of all tables: raw, clean and published, with types, sources, licences and hashes.

Clean tables have the schema of their contract. Raw and published tables are described as they stand: a column is a
number when every cell in it is one, and text otherwise. Paths start at the folder of the project.
"""

import json
from pathlib import Path
from typing import Any

import pandas as pd

from pipeline.kit import declared, paths
from pipeline.kit.data import contracts
from pipeline.kit.data.sources import copy_in_words, load_registry, read_csv, sha256
from pipeline.kit.provenance import run_record
from pipeline.kit.provenance.reference import SITE

SCHEMA = "https://datapackage.org/profiles/2.0/datapackage.json"
LEADING_ZERO = r"^-?0\d"


def text() -> str:
    """``datapackage.json``, the same bytes for the same tables."""
    cited = run_record.citation()
    package = {
        "$schema": SCHEMA,
        "name": declared.name(),
        "title": cited.title,
        "version": cited.version,
        "created": f"{cited.released}T00:00:00Z",
        "keywords": list(cited.keywords),
        "contributors": [{"title": name, "roles": ["author"]} for name in cited.authors],
        "licenses": _licences("data/"),
        "resources": [*_raw_tables(), *_clean_tables(), *_published_tables()],
    }
    return json.dumps(package, indent=1, ensure_ascii=False) + "\n"


def _raw_tables() -> list[dict[str, Any]]:
    registry = load_registry()
    found = []
    for name, table in sorted(registry["tables"].items()):
        path = paths.RAW / name
        sources = [_source(key, registry["sources"][key]) for key in table["sources"]]
        about = {"title": table["title"], "description": table["what_was_done"], "sources": sources}
        found.append(_resource("raw", path) | about | {"schema": _schema(read_csv(path))})
    return found


def _source(key: str, source: dict[str, Any]) -> dict[str, Any]:
    """A source with its terms; ``licence`` and ``redistribute`` are words of the register, beside the standard ones."""
    about = {"title": source["citation"], "path": source["url"], "version": source["date_read"]}
    about["readAt"] = copy_in_words(source)
    stated = {"id": key, "licence": source["licence"]["name"], "redistribute": source["redistribute"]}
    return {name: str(value) for name, value in about.items() if value} | stated


def _clean_tables() -> list[dict[str, Any]]:
    contracted = json.loads(
        contracts.datapackage(declared.tables().TABLES, f"{declared.name()}-clean", declared.title())
    )["resources"]
    return [table | _resource("clean", paths.CLEAN / table["path"]) for table in contracted]


def _published_tables() -> list[dict[str, Any]]:
    """Estimates and result tables of every stage; tables behind figures stand beside their figures.

    The site holds copies of them all and no table of its own.
    """
    outs = [path for stage in run_record.stages() for path in stage.outs if path != SITE]
    folders = [paths.ROOT / path for path in outs if path in run_record.folders()]
    files = [file for folder in folders for file in sorted(folder.rglob("*.csv")) if file.parent.name != "figures"]
    return [_resource("results", file) | {"schema": _schema(_read(file))} for file in files]


def _resource(group: str, path: Path) -> dict[str, Any]:
    shown = path.relative_to(paths.ROOT).as_posix()
    inside = path.relative_to({"raw": paths.RAW, "clean": paths.CLEAN, "results": paths.RESULTS}[group])
    return {
        "name": ".".join([group, *inside.with_suffix("").parts]).lower(),
        "type": "table",
        "path": shown,
        "scheme": "file",
        "format": "csv",
        "mediatype": "text/csv",
        "encoding": "utf-8",
        "bytes": path.stat().st_size,
        "hash": f"sha256:{sha256(path)}",
        "licenses": _licences(shown),
    }


def _licences(path: str) -> list[dict[str, str]]:
    """Licences of a file of the project; of a table whose terms are unclear only the place where they are told of."""
    known = [{"name": run_record.LICENCE_NAMES[licence], "path": licence} for licence in run_record.licences(path)]
    return known or [{"path": "LICENSE-DATA.md", "title": f"Unclear: {run_record.REDISTRIBUTION['unclear']}"}]


def _read(path: Path) -> pd.DataFrame:
    """A published table as text; it may have no row, as that of plots before there is a survey."""
    return pd.read_csv(path, dtype="str", keep_default_na=False, na_values=[""])


def _schema(frame: pd.DataFrame) -> dict[str, Any]:
    return {"fields": [{"name": name, "type": _kind(frame[name].dropna())} for name in frame]}


def _kind(cells: pd.Series) -> str:
    """``number`` or ``string``; a code such as 0123 is text, and so is a column without any value."""
    numbers = pd.to_numeric(cells, errors="coerce")
    is_number = len(cells) > 0 and numbers.notna().all() and not cells.str.contains(LEADING_ZERO).any()
    return "number" if is_number else "string"
