"""RO-Crate of the run, after the Provenance Run Crate profile: which stage made what, from what, with what.

The crate describes the project in place: its root is the folder of the project. ``dvc.lock`` holds no times, so the
actions have none. Terms: https://w3id.org/ro/wfrun/provenance/0.5, on RO-Crate 1.1.
"""

import json
from typing import Any

from rocrate.model.computationalworkflow import ComputationalWorkflow
from rocrate.model.computerlanguage import ComputerLanguage
from rocrate.rocrate import ROCrate

from pipeline.lineage import Stage
from pipeline.publish.records import entities, run
from pipeline.publish.records.entities import refer, thing
from pipeline.publish.records.files import add_files, file_id

PROFILES = {
    "https://w3id.org/ro/wfrun/process/0.5": "Process Run Crate",
    "https://w3id.org/ro/wfrun/workflow/0.5": "Workflow Run Crate",
    "https://w3id.org/ro/wfrun/provenance/0.5": "Provenance Run Crate",
    "https://w3id.org/workflowhub/workflow-ro-crate/1.0": "Workflow RO-Crate",
}
TERMS = "https://w3id.org/ro/terms/workflow-run/context"
COMPLETED = "http://schema.org/CompletedActionStatus"
WORKFLOW = "dvc.yaml"
RUN = "#run"
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
    _add_workflow(made)
    for position, stage in enumerate(run.stages()):
        _add_stage(made, stage, position)
    _add_runs(made)
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


def _add_workflow(made: ROCrate) -> None:
    language = made.add(
        ComputerLanguage(
            made,
            "https://dvc.org/doc/user-guide/project-structure/dvcyaml-files",
            properties={"name": "DVC pipeline (dvc.yaml)", "url": "https://dvc.org/"},
        )
    )
    found = run.stages()
    made.add_workflow(
        dest_path=WORKFLOW,
        main=True,
        lang=language,
        cls=ComputationalWorkflow,
        properties={
            "@type": ["File", "SoftwareSourceCode", "ComputationalWorkflow", "HowTo"],
            "name": "Pipeline from the published figures to the brief",
            "version": run.citation().version,
            "author": made.root_dataset.properties()["author"],
            "license": refer([run.MIT]),
            "hasPart": refer(dict.fromkeys(run.executable(stage) for stage in found)),
            "step": refer(f"#step/{stage.name}" for stage in found),
            "input": refer(f"#parameter/{name}" for name in found[0].parameters),
            "softwareRequirements": refer(entities.software_ids()),
        },
    )


def _add_stage(made: ROCrate, stage: Stage, position: int) -> None:
    """The step, its tool as it was run (a ``CreateAction``), and the action of DVC that ran it."""
    values = entities.add_values(made, stage)
    thing(
        made,
        f"#step/{stage.name}",
        "HowToStep",
        name=stage.name,
        position=position,
        workExample=refer([run.executable(stage)])[0],
    )
    thing(
        made,
        f"{RUN}/{stage.name}",
        "CreateAction",
        name=f"Run of stage {stage.name}",
        description=stage.command,
        instrument=refer([run.executable(stage)])[0],
        object=refer([*map(file_id, [*stage.data, *stage.code]), *values]),
        result=refer(map(file_id, stage.outs)),
        agent=made.root_dataset.properties()["author"],
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


def _add_runs(made: ROCrate) -> None:
    """The run of the workflow as a whole, and that of DVC, which ran it."""
    found = run.stages()
    author = made.root_dataset.properties()["author"]
    inputs = dict.fromkeys(path for stage in found for path in stage.data if path.startswith("data/raw"))
    whole = {"name": "Run of the whole pipeline", "agent": author, "actionStatus": COMPLETED}
    values = [f"#value/{found[0].name}/{name}" for name in found[0].parameters]
    results = [file_id(path) for stage in found for path in stage.outs]
    parts = {"object": refer([*map(file_id, inputs), *values]), "result": refer(results)}
    thing(made, RUN, "CreateAction", **whole, description="dvc repro", instrument=refer([WORKFLOW])[0], **parts)
    engine = {"name": "Run of DVC", "agent": author, "actionStatus": COMPLETED}
    steps = refer(f"#control/{stage.name}" for stage in found)
    tool = refer([entities.software_id("dvc")])[0]
    thing(made, "#engine", "OrganizeAction", **engine, instrument=tool, object=steps, result=refer([RUN])[0])
    made.root_dataset["mentions"] = refer([RUN, "#engine", *(f"{RUN}/{stage.name}" for stage in found)])
