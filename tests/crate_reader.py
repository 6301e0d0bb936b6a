"""Reads a crate as machines do, without network: as RDF, and through the validator of the RO-Crate community.

Both need the contexts that the crate names. That of RO-Crate comes with the library ``rocrate``, in a later version, in
which the terms of Bioschemas have other addresses; those of 1.1 are put back. Of the terms of workflow runs
(https://w3id.org/ro/terms/workflow-run) those that the profiles use stand here.
"""

import json
from pathlib import Path
from typing import Any

import rocrate
from rdflib import Graph
from rocrate_validator import models, services
from rocrate_validator.utils import http

BIOSCHEMAS = "https://bioschemas.org/"
RUN_TERMS = "https://w3id.org/ro/terms/workflow-run#"
LATER = json.loads((Path(rocrate.__file__).parent / "data" / "ro-crate.jsonld").read_text(encoding="utf-8"))["@context"]
OF_1_1 = {
    "ComputationalWorkflow": f"{BIOSCHEMAS}ComputationalWorkflow",
    "FormalParameter": f"{BIOSCHEMAS}FormalParameter",
    "input": f"{BIOSCHEMAS}ComputationalWorkflow#input",
    "output": f"{BIOSCHEMAS}ComputationalWorkflow#output",
}
OF_RUNS = {
    name: f"{RUN_TERMS}{name}" for name in ("connection", "environment", "resourceUsage", "containerImage", "md5")
}
CONTEXTS = {
    "https://w3id.org/ro/crate/1.1/context": {"@context": {**LATER, **OF_1_1}},
    "https://w3id.org/ro/terms/workflow-run/context": {"@context": {**OF_RUNS, "sha256": f"{RUN_TERMS}sha256"}},
}


class Answer:
    """What the validator gets when it asks for an address: a context that stands here, else that there is none."""

    def __init__(self, url: object) -> None:
        self.content = CONTEXTS.get(str(url), {})
        self.status_code = 200 if self.content else 404
        self.ok, self.text, self.headers = bool(self.content), json.dumps(self.content), {}

    def json(self) -> dict[str, Any]:
        """The context."""
        return self.content


def faults(folder: Path, monkeypatch: Any, severity: str = "REQUIRED") -> list[str]:
    """What the validator finds against the Provenance Run Crate profile, and those that it extends, in a folder."""
    monkeypatch.setattr(http.HttpRequester, "get", lambda _, url, **__: Answer(url), raising=False)
    monkeypatch.setattr(http.HttpRequester, "head", lambda _, url, **__: Answer(url), raising=False)
    settings = services.ValidationSettings(
        rocrate_uri=str(folder),
        metadata_only=True,
        skip_availability_check=True,
        profile_identifier="provenance-run-crate-0.5",
        requirement_severity=getattr(models.Severity, severity),
    )
    found = services.validate(settings).get_issues()
    return [f"{issue.check.identifier}: {issue.message}" for issue in found]


def as_rdf(folder: Path) -> Graph:
    """The metadata of a crate as triples."""
    content = json.loads((folder / "ro-crate-metadata.json").read_text(encoding="utf-8"))
    content["@context"] = [CONTEXTS[name]["@context"] for name in content["@context"]]
    return Graph().parse(data=json.dumps(content), format="json-ld", publicID="file:///crate/")


def ask(graph: Graph, question: str) -> list[tuple[str, ...]]:
    """The rows that answer a question in SPARQL, as text, sorted."""
    prefixes = (
        f"PREFIX : <http://schema.org/> PREFIX run: <{RUN_TERMS}> PREFIX cw: <{BIOSCHEMAS}ComputationalWorkflow#>\n"
    )
    rows = graph.query(f"{prefixes}PREFIX bio: <{BIOSCHEMAS}>\n{question}")
    return sorted(tuple(str(cell).removeprefix("file:///crate/") for cell in row) for row in rows)
