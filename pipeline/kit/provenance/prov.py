"""The run in W3C PROV: files as entities, stages as activities, authors and software as agents.

Names are paths of files, names of stages and keys of sources in a namespace of the project each. A folder is a
collection with those of its files that a stage read as members.
"""

import io
from typing import Any

from prov.constants import PROV, PROV_TYPE
from prov.model import ProvDocument

from pipeline.kit import declared
from pipeline.kit.data.sources import copy_in_words, load_registry
from pipeline.kit.provenance import run_record
from pipeline.kit.provenance.lineage import Stage

# The project has no address of its own; example.org is kept free for names such as these (RFC 2606).
BASE = f"https://example.org/{declared.name()}/"


def document() -> ProvDocument:
    """The run that ``dvc.lock`` records. Raises ``LineageError`` when that was not one run."""
    made = ProvDocument()
    for prefix in ("file", "stage", "source", "agent", "param", "term"):
        made.add_namespace(prefix, f"{BASE}{prefix}/")
    cited = run_record.citation()
    for number, name in enumerate(cited.authors, 1):
        made.agent(f"agent:author-{number}", {PROV_TYPE: PROV["Organization"], "prov:label": name})
    for name, version in run_record.software().items():
        made.agent(f"agent:{name}", {PROV_TYPE: PROV["SoftwareAgent"], "term:version": version})
    _add_sources(made)
    _add_files(made)
    for stage in run_record.stages():
        _add_stage(made, stage)
    return made


def text(made: ProvDocument) -> str:
    """The document as PROV-JSON, the same bytes for the same run."""
    target = io.StringIO()
    made.serialize(target, format="json", indent=1, sort_keys=True, ensure_ascii=False)
    return target.getvalue() + "\n"


def _add_sources(made: ProvDocument) -> None:
    for key, source in load_registry()["sources"].items():
        about = {
            "prov:label": source["title"],
            "term:citation": source["citation"],
            "term:licence": source["licence"]["name"],
            "term:redistribute": source["redistribute"],
        }
        if read_at := copy_in_words(source):
            about["term:readAt"] = read_at
        made.entity(f"source:{key}", about)


def _add_files(made: ProvDocument) -> None:
    """All files and folders of the run, what folders hold, and the sources of raw tables."""
    tables = {f"data/raw/{name}": table for name, table in load_registry()["tables"].items()}
    folders = run_record.folders()
    for path in sorted({*run_record.hashes(), *tables}):
        about: dict[Any, Any] = {"term:md5": run_record.hashes()[path]} if path in run_record.hashes() else {}
        about |= {"term:sha256": tables[path]["sha256"]} if path in tables else {}
        about |= {PROV_TYPE: PROV["Collection"]} if path in folders else {}
        made.entity(f"file:{path}", about)
        for number, _ in enumerate(run_record.citation().authors, 1):
            made.wasAttributedTo(f"file:{path}", f"agent:author-{number}")
        for key in tables[path]["sources"] if path in tables else []:
            made.wasDerivedFrom(f"file:{path}", f"source:{key}")
        for folder in folders:
            if path.startswith(f"{folder}/"):
                made.hadMember(f"file:{folder}", f"file:{path}")


def _add_stage(made: ProvDocument, stage: Stage) -> None:
    about = {"prov:label": stage.command} | {f"param:{name}": value for name, value in stage.parameters.items()}
    activity = made.activity(f"stage:{stage.name}", other_attributes=about)
    for name in run_record.software():
        made.wasAssociatedWith(activity, f"agent:{name}", plan=f"file:{run_record.executable(stage)}")
    for path in stage.deps:
        made.used(activity, f"file:{path}")
    for path in stage.outs:
        made.wasGeneratedBy(f"file:{path}", activity)
