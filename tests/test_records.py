"""Records of a run: what their profiles require, the same bytes each time, and the questions that they must answer.

The profile of the crate (https://w3id.org/ro/wfrun/provenance/0.5) is checked by the validator of the RO-Crate
community and, more closely, here; the questions for which the profile was made are asked in SPARQL.
"""

import json
import os
import platform
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from crate_reader import as_rdf, ask, faults
from frictionless import Checklist, Package
from prov.model import ProvActivity, ProvDocument, ProvEntity
from rocrate.rocrate import ROCrate

from pipeline import cli
from pipeline.kit import paths
from pipeline.kit.data.sources import load_registry
from pipeline.kit.provenance import archive, lineage, run_record

pytestmark = pytest.mark.usefixtures("reproduced_module")

PROFILE = "https://w3id.org/ro/wfrun/"
ROWS_CHECKED = 50


@pytest.fixture(scope="module")
def folder(reproduced_module: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The records as the command writes them."""
    target = tmp_path_factory.mktemp("records")
    assert cli.main(["export", str(target)]) == 0
    return target


@pytest.fixture(scope="module")
def graph(folder: Path) -> dict[str, dict[str, Any]]:
    """Entities of the crate by id, after the library has read it back."""
    content = ROCrate(folder).metadata.generate()["@graph"]
    return {entity["@id"]: entity for entity in content}


def ids(value: Any) -> Iterator[str]:
    """Ids that a property refers to."""
    for item in value if isinstance(value, list) else [value]:
        if isinstance(item, dict):
            yield item["@id"]


def kinds(entity: dict[str, Any]) -> list[str]:
    found = entity["@type"]
    return found if isinstance(found, list) else [found]


def of_kind(graph: dict[str, dict[str, Any]], kind: str) -> list[dict[str, Any]]:
    return [entity for entity in graph.values() if kind in kinds(entity)]


def making(graph: dict[str, dict[str, Any]], path: str) -> dict[str, Any]:
    """The action of a stage that has ``path``, or a folder around it, as its result."""
    found = [
        action
        for action in of_kind(graph, "CreateAction")
        if action["@id"] != "#run" and any(path == made or path.startswith(made) for made in ids(action["result"]))
    ]
    assert len(found) == 1, path
    return found[0]


def credited(graph: dict[str, dict[str, Any]], path: str) -> set[str]:
    """Sources of the raw tables that a file goes back to, found by following actions only."""
    # Plots of a survey are no raw table, and no action of this run has made them.
    if path.startswith("data/survey"):
        return set()
    if path.startswith("data/raw/"):
        return set(ids(graph[path].get("isBasedOn", [])))
    inputs = [name for name in ids(making(graph, path)["object"]) if name.startswith(("data/", "results/"))]
    return set().union(*(credited(graph, name) for name in inputs))


# What the profile requires.


def test_the_root_is_described_and_names_the_profiles(graph) -> None:
    root, cited = graph["./"], run_record.citation()
    assert root["name"] == cited.title
    assert root["description"]
    assert root["datePublished"] == cited.released
    assert set(ids(root["license"])) == {run_record.MIT, run_record.CC_BY}
    wanted = {f"{PROFILE}{name}/0.5" for name in ("process", "workflow", "provenance")}
    assert wanted <= set(ids(root["conformsTo"]))
    assert all(kinds(graph[name]) == ["CreativeWork"] for name in wanted)
    assert "https://w3id.org/ro/crate/1.1" in ids(graph["ro-crate-metadata.json"]["conformsTo"])


def test_the_workflow_is_the_main_entity_with_its_tools_and_steps(graph) -> None:
    (name,) = ids(graph["./"]["mainEntity"])
    workflow = graph[name]
    assert {"File", "SoftwareSourceCode", "ComputationalWorkflow", "HowTo"} == set(kinds(workflow))
    tools = set(ids(workflow["hasPart"]))
    assert all({"SoftwareApplication", "SoftwareSourceCode"} <= set(kinds(graph[tool])) for tool in tools)
    steps = [graph[step] for step in ids(workflow["step"])]
    assert {tool for step in steps for tool in ids(step["workExample"])} == tools
    assert len(steps) == len(lineage.read_stages())


def test_a_step_comes_after_the_steps_whose_outputs_it_reads(graph) -> None:
    position = {entity["name"]: entity["position"] for entity in of_kind(graph, "HowToStep")}
    for stage in lineage.read_stages().values():
        assert all(position[before.name] < position[stage.name] for before in lineage.upstream(stage)[1:])


def test_every_action_has_what_its_kind_requires(graph) -> None:
    stages = lineage.read_stages()
    made, controlled = of_kind(graph, "CreateAction"), of_kind(graph, "ControlAction")
    assert {action["@id"] for action in made} == {"#run", *(f"#run/{name}" for name in stages)}
    assert {action["@id"] for action in made} <= set(ids(graph["./"]["mentions"]))
    for action in made:
        assert all(list(ids(action[part])) for part in ("instrument", "object", "result", "agent"))
    steps = {step for action in controlled for step in ids(action["instrument"])}
    assert steps == {entity["@id"] for entity in of_kind(graph, "HowToStep")}
    (engine,) = of_kind(graph, "OrganizeAction")
    assert set(ids(engine["object"])) == {action["@id"] for action in controlled}
    assert list(ids(engine["result"])) == ["#run"]
    assert list(ids(graph["#run"]["instrument"])) == ["dvc.yaml"]
    (dvc,) = ids(engine["instrument"])
    assert graph[dvc]["name"] == "dvc"


def test_every_id_that_is_referred_to_is_there(graph) -> None:
    referred = {
        name for entity in graph.values() for key, value in entity.items() if key != "@id" for name in ids(value)
    }
    assert referred - set(graph) == {"https://w3id.org/ro/crate/1.1"}


def test_every_file_of_the_run_has_its_hash_and_a_licence_and_stands_in_the_root(graph) -> None:
    parts = set(ids(graph["./"]["hasPart"]))
    for path, md5 in run_record.hashes().items():
        name = f"{path}/" if md5.endswith(".dir") else path
        assert graph[name]["md5"] == md5
        if name not in OF_UNCLEAR_TERMS:
            assert set(ids(graph[name]["license"])) <= {run_record.MIT, run_record.CC_BY}
        assert name in parts
    assert not [name for name in parts if not (paths.ROOT / name).exists()]


def test_the_validator_of_the_community_finds_nothing_against_the_profile(folder: Path, monkeypatch) -> None:
    assert faults(folder, monkeypatch) == []


def test_the_validator_sees_what_is_wrong(folder: Path, tmp_path: Path, monkeypatch) -> None:
    content = json.loads((folder / "ro-crate-metadata.json").read_text(encoding="utf-8"))
    damaged = {entity["@id"]: entity for entity in content["@graph"]}
    del damaged["dvc.yaml"]["step"], damaged["./"]["license"]
    damaged["#run"]["instrument"] = []
    (tmp_path / "ro-crate-metadata.json").write_text(json.dumps(content), encoding="utf-8")
    found = faults(tmp_path, monkeypatch)
    for told in ("HowToStep", "instrument", "license"):
        assert any(told.casefold() in fault.casefold() for fault in found), found


# Questions for which the profile was made (https://www.researchobject.org/workflow-run-crate/requirements), in SPARQL.


@pytest.fixture(scope="module")
def rdf(folder: Path):
    return as_rdf(folder)


FERTILIZER = "<file:///crate/#run/06_model_fertilizer>"


def test_on_what_was_it_run_and_by_whom(rdf) -> None:
    found = ask(
        rdf, f"SELECT ?part ?value {{ {FERTILIZER} :location/:additionalProperty [:name ?part; :value ?value] }}"
    )
    about = dict(found)
    assert set(about) == {"python", "system", "processor", "cores", "memory_gib"}
    assert about["python"] == platform.python_version()
    assert int(about["cores"]) == os.cpu_count()
    [(person,)] = ask(rdf, f"SELECT ?name {{ {FERTILIZER} :agent/:name ?name }}")
    assert person


def test_how_long_did_a_stage_and_the_whole_run_take(rdf) -> None:
    times = "SELECT ?start ?end {{ {} :startTime ?start; :endTime ?end }}"
    [stage] = ask(rdf, times.format(FERTILIZER))
    [whole] = ask(rdf, times.format("<file:///crate/#run>"))
    began, ended = map(datetime.fromisoformat, stage)
    assert datetime.fromisoformat(whole[0]) <= began <= ended <= datetime.fromisoformat(whole[1])
    assert (datetime.now(UTC) - ended).total_seconds() < 6 * 3600


def test_did_every_stage_succeed(rdf) -> None:
    asked = ask(rdf, "SELECT ?status { ?run a :CreateAction; :actionStatus ?status }")
    assert {status for (status,) in asked} == {"http://schema.org/CompletedActionStatus"}
    assert len(asked) >= 1


def test_what_are_the_inputs_and_outputs_of_the_whole_workflow(rdf) -> None:
    read = {path for (path,) in ask(rdf, "SELECT ?file { <file:///crate/#run> :object ?file. ?file a :MediaObject }")}
    assert {path for path in read if path.endswith(".csv")} == {
        path
        for stage in lineage.read_stages().values()
        for path in stage.data
        if path.startswith("data/raw/") and "." in path
    }
    made = {path.rstrip("/") for (path,) in ask(rdf, "SELECT ?file { <file:///crate/#run> :result ?file }")}
    assert made == {out for stage in lineage.read_stages().values() for out in stage.outs}


def test_which_version_of_the_code_did_a_step_run(rdf) -> None:
    question = f"SELECT ?tool ?version ?md5 {{ {FERTILIZER} :instrument ?tool. ?tool :version ?version; run:md5 ?md5 }}"
    [(tool, version, md5)] = ask(rdf, question)
    assert tool == "notebooks/06_model_fertilizer.ipynb"
    assert version == run_record.citation().version
    assert md5 == lineage.md5(paths.NOTEBOOKS / "06_model_fertilizer.ipynb")


def test_how_were_parameters_of_the_workflow_used_in_a_step(rdf) -> None:
    question = f"""SELECT ?name ?value {{ {FERTILIZER} :object ?given. ?given :exampleOfWork ?formal.
        ?given :name ?name; :value ?value. <file:///crate/dvc.yaml> cw:input ?formal }}"""
    used = dict(ask(rdf, question))
    recorded = lineage.read_stages()["06_model_fertilizer"].parameters
    assert {name: str(value) for name, value in recorded.items()} == used


def test_which_libraries_does_a_step_need(rdf) -> None:
    question = f"""SELECT ?name ?version {{ {FERTILIZER} :instrument/:softwareRequirements ?library.
        ?library :name ?name; :softwareVersion ?version }}"""
    assert dict(ask(rdf, question)) == run_record.software()


def test_whom_to_credit_where_it_was_read_and_when(rdf) -> None:
    question = """SELECT ?credit ?said { <file:///crate/data/raw/effects.csv> :isBasedOn ?source.
        ?source :creditText ?credit; :description ?said }"""
    told = ask(rdf, question)
    registered = load_registry()
    keys = registered["tables"]["effects.csv"]["sources"]
    assert len(told) == len({registered["sources"][key]["citation"] for key in keys})
    assert all(said.startswith("read as ") and " on " in said for _, said in told)
    [(copy,)] = ask(rdf, "SELECT ?at { <file:///crate/#source/fao_qcl_2022> :archivedAt ?at }")
    assert copy.startswith("https://")


# Questions that whoever gets the records will ask.


@pytest.mark.parametrize("path", ["results/06_model_fertilizer/estimates.csv", "data/clean/effects.csv"])
def test_which_inputs_made_this_output(graph, path: str) -> None:
    stage = lineage.maker(path)
    assert stage is not None
    asked = set(ids(making(graph, path)["object"]))
    assert {name for name in asked if not name.startswith("#")} == set(stage.data) | set(stage.code)


def test_the_inputs_of_two_outputs_by_name(graph) -> None:
    assert "data/raw/effects.csv" in ids(making(graph, "data/clean/effects.csv")["object"])
    fertilizer = set(ids(making(graph, "results/06_model_fertilizer/")["object"]))
    assert {"data/clean/costs.csv", "results/13_survey/estimates.csv"} <= fertilizer


def test_with_which_parameters(graph) -> None:
    asked = ids(making(graph, "results/06_model_fertilizer/")["object"])
    values = {graph[name]["name"]: graph[name] for name in asked if name.startswith("#value/")}
    recorded = lineage.read_stages()["06_model_fertilizer"].parameters
    assert {name: value["value"] for name, value in values.items()} == recorded
    dose = values["fertilizer.dose_kg_per_ha"]
    assert dose["unitText"] == "kg/ha/yr"
    (formal,) = ids(dose["exampleOfWork"])
    assert graph[formal]["additionalType"] == "Float"


def test_with_which_software(graph) -> None:
    (tool,) = ids(making(graph, "results/06_model_fertilizer/")["instrument"])
    assert tool == "notebooks/06_model_fertilizer.ipynb"
    versions = {
        graph[name]["name"]: graph[name]["softwareVersion"] for name in ids(graph[tool]["softwareRequirements"])
    }
    assert versions == run_record.software()
    lock = (paths.ROOT / "requirements.lock").read_text(encoding="utf-8")
    assert all(f"\n{name}=={version}" in lock for name, version in versions.items() if name != "python")
    assert {"python", "numpy", "pandas", "papermill"} <= set(versions)


def test_did_it_succeed(graph) -> None:
    for path in ("results/06_model_fertilizer/", "data/clean/effects.csv"):
        assert making(graph, path)["actionStatus"] == "http://schema.org/CompletedActionStatus"


def test_who_is_to_be_credited(graph) -> None:
    (author,) = ids(graph["./"]["author"])
    assert graph[author]["name"] == "The kutim-cacao authors"
    registered = load_registry()
    sources = credited(graph, "data/clean/effects.csv")
    assert {f"#source/{key}" for key in registered["tables"]["effects.csv"]["sources"]} <= sources
    assert all(graph[name]["creditText"] for name in sources)
    # The best dose goes back to the dose trials directly, and to the published effects through the synthesis.
    behind = credited(graph, "results/06_model_fertilizer/")
    assert sources <= behind
    assert {f"#source/{key}" for key in registered["tables"]["reference_dose_trials.csv"]["sources"]} <= behind


def test_under_which_licence_and_what_may_be_passed_on(graph) -> None:
    assert list(ids(graph["results/06_model_fertilizer/"]["license"])) == [run_record.CC_BY]
    assert list(ids(graph["pipeline/study/fertilizer/best_dose.py"]["license"])) == [run_record.MIT]
    for key, source in load_registry()["sources"].items():
        entity = graph[f"#source/{key}"]
        (terms,) = ids(entity["license"])
        assert graph[terms]["name"].startswith(source["licence"]["name"])
        assert entity["conditionsOfAccess"] == run_record.REDISTRIBUTION[source["redistribute"]]


# Tables whose rows come from FAO, the IMF, CRU, the ERA compilation and a repository of boundaries.
OF_UNCLEAR_TERMS = {
    *(f"data/raw/faostat_{name}.csv" for name in ("cocoa_2022", "cocoa_latest", "producer_prices")),
    *(f"data/raw/faostat_{name}_use.csv" for name in ("fertilizer", "pesticide")),
    *(f"data/raw/{name}.csv" for name in ("climate_country_year", "tafo_shade_trial", "boundaries_regencies")),
    *(f"data/clean/{name}.csv" for name in ("country_cocoa", "producer_prices", "input_use")),
    *(f"data/clean/{name}.csv" for name in ("climate", "shade_trial", "boundaries")),
    *("data/raw/indonesia_exchange_cpi.csv", "data/clean/exchange_cpi.csv"),
}


def test_no_licence_is_claimed_for_tables_of_unclear_terms(graph, package) -> None:
    """The licence of the project's own data would be better than what is known of these."""
    for name in OF_UNCLEAR_TERMS:
        assert ids(graph[name]["license"])
        assert all(terms.startswith("#terms/") for terms in ids(graph[name]["license"]))
        assert graph[name]["conditionsOfAccess"] == run_record.REDISTRIBUTION["unclear"]
    unclear = {table["path"] for table in package["resources"] if "Unclear" in table["licenses"][0].get("title", "")}
    assert unclear == OF_UNCLEAR_TERMS


# The same run gives the same records.


def test_records_have_the_same_bytes_each_time(folder: Path) -> None:
    again = archive.records()
    assert {path.name for path in folder.iterdir()} == set(again)
    assert not [name for name, text in again.items() if (folder / name).read_text(encoding="utf-8") != text]


def test_records_of_two_runs_are_refused(monkeypatch, capsys, tmp_path: Path) -> None:
    text = (paths.ROOT / "dvc.lock").read_text(encoding="utf-8")
    md5 = lineage.read_stages()["05_model_evidence"].deps["data/clean/effects.csv"]
    damaged = tmp_path / "dvc.lock"
    damaged.write_text(text.replace(md5, "0" * 32, 1), encoding="utf-8")
    stages = lineage.read_stages(damaged)
    run_record.hashes.cache_clear()
    monkeypatch.setattr(run_record, "stages", lambda: list(stages.values()))
    try:
        assert cli.main(["export", str(tmp_path / "out")]) == 1
    finally:
        run_record.hashes.cache_clear()
    assert "two states of data/clean/effects.csv" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_nothing_is_written_when_an_output_is_missing(monkeypatch, capsys, tmp_path: Path) -> None:
    monkeypatch.setattr(run_record, "hashes", lambda: {"params.yaml": "0", "results/06_model_fertilizer/gone.csv": "0"})
    assert cli.main(["export", str(tmp_path / "out")]) == 1
    assert "results/06_model_fertilizer/gone.csv" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_a_file_that_was_changed_after_the_run_is_named(monkeypatch, capsys, tmp_path: Path) -> None:
    monkeypatch.setattr(
        run_record, "state", lambda path, _: "changed" if path == "params.yaml" or "costs" in path else "as recorded"
    )
    monkeypatch.setattr(archive, "records", dict)
    assert cli.main(["export", str(tmp_path)]) == 0
    warned = capsys.readouterr().err
    assert "data/raw/costs.csv" in warned
    assert "effects" not in warned


# Data Package.


@pytest.fixture(scope="module")
def package(folder: Path) -> dict[str, Any]:
    return json.loads((folder / "datapackage.json").read_text(encoding="utf-8"))


def test_the_package_is_valid(package) -> None:
    report = Package.from_descriptor(package, basepath=str(paths.ROOT)).validate(Checklist(), limit_rows=ROWS_CHECKED)
    assert report.valid, report.flatten(["name", "rowNumber", "fieldName", "type", "note"])[:10]
    assert report.stats["tasks"] == len(package["resources"])


def test_a_package_with_a_wrong_type_is_not_valid(package) -> None:
    table = next(table for table in package["resources"] if table["name"] == "raw.effects")
    fields = [field | {"type": "number"} for field in table["schema"]["fields"]]
    wrong = {**package, "resources": [table | {"schema": {"fields": fields}}]}
    assert not Package.from_descriptor(wrong, basepath=str(paths.ROOT)).validate(limit_rows=ROWS_CHECKED).valid


def test_the_package_holds_all_tables_with_hash_size_and_licence(package) -> None:
    by_path = {table["path"]: table for table in package["resources"]}
    assert len(by_path) == len(package["resources"])
    for folder in (paths.RAW, paths.CLEAN):
        assert {paths.shown(path) for path in folder.glob("*.csv")} <= set(by_path)
    assert "results/06_model_fertilizer/estimates.csv" in by_path
    for path, table in by_path.items():
        assert table["bytes"] == (paths.ROOT / path).stat().st_size
        if table["path"] not in OF_UNCLEAR_TERMS:
            assert table["licenses"] == [{"name": "CC-BY-4.0", "path": run_record.CC_BY}]
    for name, record in load_registry()["tables"].items():
        table = by_path[f"data/raw/{name}"]
        assert table["hash"] == f"sha256:{record['sha256']}"
        assert [source["id"] for source in table["sources"]] == record["sources"]


# PROV.


def test_prov_reads_back_equal(folder: Path) -> None:
    from pipeline.kit.provenance import prov

    assert ProvDocument.deserialize(folder / "prov.json", format="json") == prov.document()


def test_prov_knows_what_a_stage_used_and_made(folder: Path) -> None:
    read = ProvDocument.deserialize(folder / "prov.json", format="json")
    relations = {
        (type(record).__name__, *map(str, (value for _, value in record.formal_attributes))) for record in read.records
    }
    used = {parts[2] for parts in relations if parts[:2] == ("ProvUsage", "stage:06_model_fertilizer")}
    stage = lineage.read_stages()["06_model_fertilizer"]
    assert used == {f"file:{path}" for path in stage.deps}
    made = {parts[1] for parts in relations if parts[0] == "ProvGeneration" and parts[2] == "stage:06_model_fertilizer"}
    assert made == {f"file:{path}" for path in stage.outs}
    assert len(list(read.get_records(ProvActivity))) == len(lineage.read_stages())
    names = {str(entity.identifier) for entity in read.get_records(ProvEntity)}
    assert {f"source:{key}" for key in load_registry()["sources"]} <= names
