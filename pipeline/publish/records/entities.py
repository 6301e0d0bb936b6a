"""Entities of the crate that are no files: software, sources, parameters and their values."""

import re
from collections.abc import Iterable
from typing import Any

from rocrate.model.contextentity import ContextEntity
from rocrate.rocrate import ROCrate

from pipeline.lineage import Stage
from pipeline.params import describe
from pipeline.publish.records import run
from pipeline.sources import load_registry

TYPES = {"whole number": "Integer", "number": "Float", "text": "Text", "switch": "Boolean"}


def refer(ids: Iterable[str]) -> list[dict[str, str]]:
    """References to entities by id."""
    return [{"@id": name} for name in ids]


def thing(made: ROCrate, identifier: str, kind: str, **properties: Any) -> None:
    """Add an entity that is no file; what is empty is left out."""
    kept = {key: value for key, value in properties.items() if value not in (None, "", [])}
    made.add(ContextEntity(made, identifier, properties={"@type": kind, **kept}))


def software_id(name: str) -> str:
    """Id of a piece of software: its page, of the version that was used."""
    version = run.software()[name]
    if name == "python":
        return f"https://www.python.org/downloads/release/python-{version.replace('.', '')}/"
    return f"https://pypi.org/project/{name}/{version}/"


def software_ids() -> list[str]:
    """Ids of Python and the main libraries."""
    return [software_id(name) for name in run.software()]


def add_software(made: ROCrate) -> None:
    """Python and the main libraries, each with its version."""
    for name, version in run.software().items():
        page = software_id(name)
        thing(made, page, "SoftwareApplication", name=name, softwareVersion=version, url=page)


def add_sources(made: ROCrate) -> None:
    """Every registered source: whom to credit, its terms, and what may be passed on."""
    for key, source in load_registry()["sources"].items():
        licence = source["licence"]
        name = licence["name"] + ("" if licence.get("confirmed") else " (not confirmed)")
        terms = "#terms/" + re.sub(r"\W+", "-", name.lower()).strip("-")
        thing(made, terms, "CreativeWork", name=name, url=licence.get("url"))
        thing(
            made,
            f"#source/{key}",
            "CreativeWork",
            name=source["title"],
            creditText=source["citation"],
            publisher=source["publisher"],
            url=source["url"],
            license=refer([terms])[0],
            conditionsOfAccess=run.REDISTRIBUTION[source["redistribute"]],
        )


def add_parameters(made: ROCrate) -> None:
    """Every declared parameter: type, default, meaning."""
    for name, meaning in describe().items():
        made.add_formal_parameter(
            name,
            TYPES[meaning["type"]],
            f"#parameter/{name}",
            description=f"{meaning['en']} [{meaning['allowed']}]",
            properties={"defaultValue": str(meaning["default"])},
        )
    thing(made, "https://bioschemas.org/profiles/FormalParameter/1.0-RELEASE", "CreativeWork", name="FormalParameter")


def add_values(made: ROCrate, stage: Stage) -> list[str]:
    """The parameters that a stage ran with, by value; returns their ids."""
    declared = describe()
    for name, value in stage.parameters.items():
        properties = {"name": name, "value": value, "exampleOfWork": refer([f"#parameter/{name}"])[0]}
        # Zero and empty text are values too: nothing is left out here.
        properties |= {"@type": "PropertyValue", "unitText": declared[name]["unit"]}
        made.add(ContextEntity(made, f"#value/{stage.name}/{name}", properties=properties))
    return [f"#value/{stage.name}/{name}" for name in stage.parameters]
