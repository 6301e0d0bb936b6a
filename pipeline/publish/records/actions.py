"""What was run: the workflow with its steps, one action per stage, and the run as a whole."""

from rocrate.model.computationalworkflow import ComputationalWorkflow
from rocrate.model.computerlanguage import ComputerLanguage
from rocrate.rocrate import ROCrate

from pipeline.lineage import Stage
from pipeline.publish.records import entities, run
from pipeline.publish.records.entities import refer, thing
from pipeline.publish.records.files import file_id

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


def add_stage(made: ROCrate, stage: Stage, position: int) -> None:
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


def add_runs(made: ROCrate) -> None:
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
