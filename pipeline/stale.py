"""What ``dvc repro`` would run again, and why: the recorded hashes and parameters against those of now."""

from collections.abc import Iterator
from typing import Any

from pipeline import paths, yaml_text
from pipeline.lineage import LineageError, Stage, md5, read_stages, upstream


def reasons(name: str) -> list[str]:
    """Why a stage would run again by itself, one line each; empty when it would not.

    Raises ``LineageError`` for a stage that ``dvc.yaml`` does not have.
    """
    declared = declared_stages()
    if name not in declared:
        raise LineageError(f"there is no stage {name!r}; there are {', '.join(declared)}")
    recorded = read_stages().get(name)
    if recorded is None:
        return ["it has never run: dvc.lock does not know it"]
    return [*_command(recorded, declared[name]), *_files(recorded, declared[name]), *_parameters(recorded)]


def declared_stages() -> dict[str, dict[str, Any]]:
    """Stages of ``dvc.yaml`` by name."""
    stages: dict[str, dict[str, Any]] = yaml_text.load(paths.PIPELINE.read_bytes())["stages"]
    return stages


def stale() -> dict[str, list[str]]:
    """Reasons by stage, for every stage that would run again by itself."""
    found = {name: reasons(name) for name in declared_stages()}
    return {name: lines for name, lines in found.items() if lines}


def stale_upstream(name: str) -> dict[str, list[str]]:
    """Reasons of the stages whose outputs this one reads: when they run again, this one may have to."""
    recorded = read_stages().get(name)
    found = {stage.name: reasons(stage.name) for stage in upstream(recorded)[1:]} if recorded else {}
    return {stage: lines for stage, lines in found.items() if lines}


def _command(recorded: Stage, declared: dict[str, Any]) -> Iterator[str]:
    if recorded.command != declared["cmd"]:
        yield f"command: {recorded.command!r} -> {declared['cmd']!r}"


def _files(recorded: Stage, declared: dict[str, Any]) -> Iterator[str]:
    for part, hashes in (("dependency", recorded.deps), ("output", recorded.outs)):
        named = declared["deps"] if part == "dependency" else _outs(declared)
        yield from (f"{part} {path}: new in dvc.yaml" for path in named if path not in hashes)
        yield from (f"{part} {path}: no longer in dvc.yaml" for path in hashes if path not in named)
        for path in named:
            now = md5(paths.ROOT / path)
            if path in hashes and now != hashes[path]:
                yield f"{part} {path}: md5 {hashes[path]} -> {now or 'missing'}"


def _outs(declared: dict[str, Any]) -> list[str]:
    listed = [*declared.get("outs", []), *declared.get("metrics", []), *declared.get("plots", [])]
    return [entry if isinstance(entry, str) else next(iter(entry)) for entry in listed]


def _parameters(recorded: Stage) -> Iterator[str]:
    now = yaml_text.load(paths.PARAMS.read_bytes())
    for name, value in recorded.parameters.items():
        found: Any = now
        for part in name.split("."):
            found = found.get(part, "gone") if isinstance(found, dict) else "gone"
        if found != value:
            yield f"parameter {name}: {value} -> {found}"
