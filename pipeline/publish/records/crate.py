"""RO-Crate of the run, after the Provenance Run Crate profile: which stage made what, from what, with what.

The crate describes the project in place: its root is the folder of the project. ``dvc.lock`` holds no times, so the
actions have none. Terms: https://w3id.org/ro/wfrun/provenance/0.5, on RO-Crate 1.1.
"""

import json
from typing import Any

from rocrate.rocrate import ROCrate

from pipeline.publish.records import entities, run
from pipeline.publish.records.actions import add_runs, add_stage, add_workflow
from pipeline.publish.records.entities import refer, thing
from pipeline.publish.records.files import add_files

PROFILES = {
    "https://w3id.org/ro/wfrun/process/0.5": "Process Run Crate",
    "https://w3id.org/ro/wfrun/workflow/0.5": "Workflow Run Crate",
    "https://w3id.org/ro/wfrun/provenance/0.5": "Provenance Run Crate",
    "https://w3id.org/workflowhub/workflow-ro-crate/1.0": "Workflow RO-Crate",
}
TERMS = "https://w3id.org/ro/terms/workflow-run/context"
DESCRIPTION = (
    "Notebooks and pipeline that say what holds back cacao yield in Kutai Timur, East Kalimantan, what each cause "
    "costs and what pays, with the published tables they start from and the results of one complete run."
)


def crate() -> ROCrate:
    """The crate of the run that ``dvc.lock`` records. Raises ``LineageError`` when that was not one run."""
    made = ROCrate(version="1.1")
    made.metadata.extra_contexts.append(TERMS)
    _describe_root(made)
    entities.add_software(made)
    entities.add_sources(made)
    add_files(made)
    entities.add_parameters(made)
    add_workflow(made)
    for position, stage in enumerate(run.stages()):
        add_stage(made, stage, position)
    add_runs(made)
    return made


def text(made: ROCrate) -> str:
    """``ro-crate-metadata.json``: entities sorted by id, so that the same run gives the same bytes."""
    content = made.metadata.generate()
    content["@graph"].sort(key=lambda entity: entity["@id"])
    return json.dumps(content, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def _describe_root(made: ROCrate) -> None:
    cited = run.citation()
    authors = [f"#author-{number}" for number, _ in enumerate(cited.authors, 1)]
    for author, name in zip(authors, cited.authors, strict=True):
        thing(made, author, "Organization", name=name)
    for profile, name in PROFILES.items():
        thing(made, profile, "CreativeWork", name=name, version=profile.rsplit("/", 1)[-1])
    for licence, name in run.LICENCE_NAMES.items():
        thing(made, licence, "CreativeWork", name=name, url=licence)
    root: dict[str, Any] = {
        "name": cited.title,
        "description": DESCRIPTION,
        "datePublished": cited.released,
        "version": cited.version,
        "keywords": ", ".join(cited.keywords),
        "license": refer(run.LICENCE_NAMES),
        "author": refer(authors),
        "conformsTo": refer(PROFILES),
    }
    for name, value in root.items():
        made.root_dataset[name] = value
