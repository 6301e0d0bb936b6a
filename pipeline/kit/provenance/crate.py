"""RO-Crate of the run, after the Provenance Run Crate profile: which stage made what, from what, with what.

The crate describes the project in place: its root is the folder of the project. ``dvc.lock`` holds no times: an action
has those that were noted on this machine when its outputs were made, with who ran it and on what; of outputs that came
from a cache nothing is known, and nothing said. Terms: https://w3id.org/ro/wfrun/provenance/0.5, on RO-Crate 1.1.
"""

import json
import re
from collections.abc import Iterable
from pathlib import PurePosixPath
from typing import Any

from rocrate.model.computationalworkflow import ComputationalWorkflow
from rocrate.model.computerlanguage import ComputerLanguage
from rocrate.model.contextentity import ContextEntity
from rocrate.rocrate import ROCrate

from pipeline.kit import declared
from pipeline.kit.data.sources import copy_read, load_registry
from pipeline.kit.provenance import run_record
from pipeline.kit.provenance.lineage import Stage
from pipeline.kit.stages import run_notes

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
    version = run_record.software()[name]
    if name == "python":
        return f"https://www.python.org/downloads/release/python-{version.replace('.', '')}/"
    return f"https://pypi.org/project/{name}/{version}/"


def software_ids() -> list[str]:
    """Ids of Python and the main libraries."""
    return [software_id(name) for name in run_record.software()]


def add_software(made: ROCrate) -> None:
    """Python and the main libraries, each with its version."""
    for name, version in run_record.software().items():
        page = software_id(name)
        thing(made, page, "SoftwareApplication", name=name, softwareVersion=version, url=page)


def terms_in_words(source: dict[str, Any]) -> str:
    """Licence of a source, and whether nobody confirmed it."""
    licence = source["licence"]
    return licence["name"] + ("" if licence.get("confirmed") else " (not confirmed)")


def terms_id(source: dict[str, Any]) -> str:
    """Id of the terms of a source; sources of the same terms share it."""
    return f"#terms/{_slug(terms_in_words(source))}"


def add_sources(made: ROCrate) -> None:
    """Every registered source: whom to credit, its terms, and what may be passed on."""
    for key, source in load_registry()["sources"].items():
        terms = terms_id(source)
        thing(made, terms, "CreativeWork", name=terms_in_words(source), url=source["licence"].get("url"))
        address, part = copy_read(source)
        copy = f"; in a copy: {part}" if part else "; in a copy" if address else ""
        thing(
            made,
            f"#source/{key}",
            "CreativeWork",
            name=source["title"],
            creditText=source["citation"],
            publisher=source["publisher"],
            url=source["url"],
            archivedAt=address,
            description=f"read as {source['read_as']} on {source['date_read'] or 'a day not recorded'}{copy}",
            license=refer([terms])[0],
            conditionsOfAccess=run_record.REDISTRIBUTION[source["redistribute"]],
        )


def add_parameters(made: ROCrate) -> None:
    """Every declared parameter: type, default, meaning."""
    for name, meaning in declared.parameters().describe().items():
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
    meanings = declared.parameters().describe()
    for name, value in stage.parameters.items():
        properties = {"name": name, "value": value, "exampleOfWork": refer([f"#parameter/{name}"])[0]}
        # Zero and empty text are values too: nothing is left out here.
        properties |= {"@type": "PropertyValue", "unitText": meanings[name]["unit"]}
        made.add(ContextEntity(made, f"#value/{stage.name}/{name}", properties=properties))
    return [f"#value/{stage.name}/{name}" for name in stage.parameters]


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
    return f"{path}/" if path in run_record.folders() else path


def add_files(made: ROCrate) -> None:
    """Every file and folder of the run, all raw tables, and the pages that go with them."""
    raw = {f"data/raw/{name}": table for name, table in load_registry()["tables"].items()}
    titles = {f"data/clean/{table.name}.csv": table.title for table in declared.tables().TABLES} | PAGES
    titles |= {path: table["title"] for path, table in raw.items()} | {"data/raw": "Figures as published"}
    parts: dict[str, list[str]] = {}
    for path in sorted({*run_record.hashes(), *titles}):
        properties: dict[str, Any] = {"name": titles.get(path, path)} | _terms(path)
        properties |= {"md5": run_record.hashes()[path]} if path in run_record.hashes() else {}
        properties |= _origin(raw[path]) if path in raw else {}
        if path in run_record.folders():
            made.add_dataset(dest_path=path, properties=properties)
            continue
        made.add_file(dest_path=path, properties=properties | _kind(path))
        for folder in run_record.folders():
            if path.startswith(f"{folder}/"):
                parts.setdefault(folder, []).append(path)
    for folder, files in parts.items():
        made.get(file_id(folder))["hasPart"] = refer(files)


def _terms(path: str) -> dict[str, Any]:
    """Licences of a file, or of a table whose terms are unclear those of its sources, with what that means."""
    if licences := run_record.licences(path):
        return {"license": refer(licences)}
    sources = load_registry()["sources"]
    of_sources = dict.fromkeys(terms_id(sources[key]) for key in run_record.tables_under("unclear")[path])
    return {"license": refer(of_sources), "conditionsOfAccess": run_record.REDISTRIBUTION["unclear"]}


def _origin(table: dict[str, Any]) -> dict[str, Any]:
    """What the register says of a raw table: its hash, what was done, and the sources of its rows."""
    sources = refer(f"#source/{key}" for key in table["sources"])
    return {"sha256": table["sha256"], "description": table["what_was_done"], "isBasedOn": sources}


def _kind(path: str) -> dict[str, Any]:
    """Type and format of a file; for what a stage runs also the software and the parameters that it needs."""
    suffix = PurePosixPath(path).suffix
    kinds = ["File", "SoftwareSourceCode"] if suffix in (".py", ".ipynb") else ["File"]
    properties: dict[str, Any] = {"encodingFormat": FORMATS.get(suffix, "text/plain")}
    stage = next((stage for stage in run_record.stages() if run_record.executable(stage) == path), None)
    if stage:
        kinds.append("SoftwareApplication")
        properties |= {"softwareRequirements": refer(software_ids()), "version": run_record.citation().version}
        properties["input"] = refer(f"#parameter/{name}" for name in stage.parameters)
    return {"@type": kinds if len(kinds) > 1 else "File", **properties}


# DVC writes a stage into dvc.lock only when it has succeeded.
COMPLETED = "http://schema.org/CompletedActionStatus"
WORKFLOW = "dvc.yaml"
RUN = "#run"


def add_workflow(made: ROCrate) -> None:
    """``dvc.yaml`` as the workflow, with its tools, steps and parameters."""
    language = made.add(
        ComputerLanguage(
            made,
            "https://dvc.org/doc/user-guide/project-structure/dvcyaml-files",
            properties={"name": "DVC pipeline (dvc.yaml)", "url": "https://dvc.org/"},
        )
    )
    found = run_record.stages()
    made.add_workflow(
        dest_path=WORKFLOW,
        main=True,
        lang=language,
        cls=ComputationalWorkflow,
        properties={
            "@type": ["File", "SoftwareSourceCode", "ComputationalWorkflow", "HowTo"],
            "name": "Pipeline from the published figures to the brief",
            "version": run_record.citation().version,
            "author": made.root_dataset.properties()["author"],
            "license": refer([run_record.MIT]),
            "hasPart": refer(dict.fromkeys(run_record.executable(stage) for stage in found)),
            "step": refer(f"#step/{stage.name}" for stage in found),
            "input": refer(f"#parameter/{name}" for name in first_readers()),
            "softwareRequirements": refer(software_ids()),
        },
    )


def first_readers() -> dict[str, str]:
    """Every parameter of the run, with the first stage that reads it."""
    return {name: stage.name for stage in reversed(run_record.stages()) for name in stage.parameters}


def add_stage(made: ROCrate, stage: Stage, position: int) -> None:
    """The step, its tool as it was run (a ``CreateAction``), and the action of DVC that ran it."""
    values, note = add_values(made, stage), run_notes.read(stage.name, stage.outs)
    thing(
        made,
        f"#step/{stage.name}",
        "HowToStep",
        name=stage.name,
        position=position,
        workExample=refer([run_record.executable(stage)])[0],
    )
    thing(
        made,
        f"{RUN}/{stage.name}",
        "CreateAction",
        name=f"Run of stage {stage.name}",
        description=stage.command,
        instrument=refer([run_record.executable(stage)])[0],
        object=refer([*map(file_id, [*stage.data, *stage.code]), *values]),
        result=refer(map(file_id, stage.outs)),
        agent=agent(made, note),
        startTime=note.get("started"),
        endTime=note.get("ended"),
        location=machine(made, note),
        actionStatus=COMPLETED,
    )
    thing(
        made,
        f"#control/{stage.name}",
        "ControlAction",
        name=f"DVC runs stage {stage.name}",
        instrument=refer([f"#step/{stage.name}"])[0],
        object=refer([f"{RUN}/{stage.name}"])[0],
        actionStatus=COMPLETED,
    )


def agent(made: ROCrate, note: dict[str, Any]) -> list[dict[str, str]]:
    """Who ran a stage: the person in its note, else the authors of the project."""
    if not (name := note.get("by")):
        return list(made.root_dataset.properties()["author"])
    person = f"#person/{_slug(name)}"
    if made.get(person) is None:
        thing(made, person, "Person", name=name)
    return refer([person])


def machine(made: ROCrate, note: dict[str, Any]) -> list[dict[str, str]]:
    """What a stage was run on, as noted; empty when nothing was."""
    if not (about := note.get("machine")):
        return []
    name = f"{about['processor']}, {about['cores']} cores, {about['memory_gib']} GiB, {about['system']}"
    found = f"#machine/{_slug(name)}-python-{about['python']}"
    if made.get(found) is None:
        for part, value in about.items():
            thing(made, f"{found}/{part}", "PropertyValue", name=part, value=value)
        parts = refer(f"{found}/{part}" for part in about)
        thing(made, found, "Place", name=name, description="the computer a stage was run on", additionalProperty=parts)
    return refer([found])


def _slug(text: str) -> str:
    return re.sub(r"\W+", "-", text.lower()).strip("-")


def add_runs(made: ROCrate) -> None:
    """The run of the workflow as a whole, and that of DVC, which ran it."""
    found = run_record.stages()
    author = made.root_dataset.properties()["author"]
    inputs = dict.fromkeys(path for stage in found for path in stage.data if path.startswith("data/raw"))
    notes = [run_notes.read(stage.name, stage.outs) for stage in found]
    whole = {"name": "Run of the whole pipeline", "agent": author, "actionStatus": COMPLETED}
    if all(notes):
        whole |= {"startTime": min(n["started"] for n in notes), "endTime": max(n["ended"] for n in notes)}
    values = [f"#value/{stage}/{name}" for name, stage in first_readers().items()]
    results = [file_id(path) for stage in found for path in stage.outs]
    parts = {"object": refer([*map(file_id, inputs), *values]), "result": refer(results)}
    thing(made, RUN, "CreateAction", **whole, description="dvc repro", instrument=refer([WORKFLOW])[0], **parts)
    engine = {"name": "Run of DVC", "agent": author, "actionStatus": COMPLETED}
    steps = refer(f"#control/{stage.name}" for stage in found)
    tool = refer([software_id("dvc")])[0]
    thing(made, "#engine", "OrganizeAction", **engine, instrument=tool, object=steps, result=refer([RUN])[0])
    made.root_dataset["mentions"] = refer([RUN, "#engine", *(f"{RUN}/{stage.name}" for stage in found)])


PROFILES = {
    "https://w3id.org/ro/wfrun/process/0.5": "Process Run Crate",
    "https://w3id.org/ro/wfrun/workflow/0.5": "Workflow Run Crate",
    "https://w3id.org/ro/wfrun/provenance/0.5": "Provenance Run Crate",
    "https://w3id.org/workflowhub/workflow-ro-crate/1.0": "Workflow RO-Crate",
}
TERMS = "https://w3id.org/ro/terms/workflow-run/context"


def crate() -> ROCrate:
    """The crate of the run that ``dvc.lock`` records. Raises ``LineageError`` when that was not one run."""
    made = ROCrate(version="1.1")
    made.metadata.extra_contexts.append(TERMS)
    _describe_root(made)
    add_software(made)
    add_sources(made)
    add_files(made)
    add_parameters(made)
    add_workflow(made)
    for position, stage in enumerate(run_record.stages()):
        add_stage(made, stage, position)
    add_runs(made)
    return made


def text(made: ROCrate) -> str:
    """``ro-crate-metadata.json``: entities sorted by id, so that the same run gives the same bytes."""
    content = made.metadata.generate()
    content["@graph"].sort(key=lambda entity: entity["@id"])
    return json.dumps(content, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def _describe_root(made: ROCrate) -> None:
    cited = run_record.citation()
    authors = [f"#author-{number}" for number, _ in enumerate(cited.authors, 1)]
    for author, name in zip(authors, cited.authors, strict=True):
        thing(made, author, "Organization", name=name)
    for profile, name in PROFILES.items():
        thing(made, profile, "CreativeWork", name=name, version=profile.rsplit("/", 1)[-1])
    for licence, name in run_record.LICENCE_NAMES.items():
        thing(made, licence, "CreativeWork", name=name, url=licence)
    root: dict[str, Any] = {
        "name": cited.title,
        "description": declared.description(),
        "datePublished": cited.released,
        "version": cited.version,
        "keywords": ", ".join(cited.keywords),
        "license": refer(run_record.LICENCE_NAMES),
        "author": refer(authors),
        "conformsTo": refer(PROFILES),
    }
    for name, value in root.items():
        made.root_dataset[name] = value
