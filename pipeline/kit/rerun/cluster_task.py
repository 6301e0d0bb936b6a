"""What a stage needs in a folder that is not shared, what may go there, and what comes back.

Files that no stage makes travel with the task when git follows them, and only then: what is outside of git, as the
records of a survey are, stays on this machine, and so does every stage after one that has read it.
"""

import base64
import hashlib
import os
import subprocess
from pathlib import Path
from typing import Any

from dvc.stage.loader import StageLoader

from pipeline.kit.compute import ComputeError
from pipeline.kit.rerun import task_folder
from pipeline.kit.rerun.task_folder import inside

# What every stage needs beside its dependencies: the pipeline itself and the program that runs it.
ALWAYS = {"dvc.yaml", "params.yaml", ".dvcignore"}


class Transfer:
    """Sends and takes in for the stages of one run; raises ``ComputeError`` when the project is not in git."""

    def __init__(self, records: Any) -> None:
        self.records, self.root = records, records.repo.root_dir
        self.followed = followed(self.root)
        self.code = {path for path in self.followed if path.startswith("pipeline/")}
        self.reasons: dict[str, str] = {}
        self.pushed: set[Any] = set()

    def stays(self, name: str) -> str:
        """Why a stage has to run on this machine; nothing when it may run elsewhere."""
        if name not in self.reasons:
            stage = self.records.stages[name]
            outside = sorted(set(self.given(stage)) - self.followed)
            before = [needed for needed in self.records.needs[name] if self.stays(needed)]
            kept = [out.def_path for out in stage.outs if out.persist or not out.can_push]
            why = f"{outside[0]} is not in git" if outside else ""
            why = why or (f"{before[0]} stays here" if before else "") or (f"{kept[0]} stays here" if kept else "")
            self.reasons[name] = why
        return self.reasons[name]

    def given(self, stage: Any) -> list[str]:
        """Files among the dependencies of a stage that no stage makes."""
        made = [out.fs_path for maker in self.makers(stage) for out in maker.outs]
        found = [path for dep in stage.deps for path in task_folder.files(dep)]
        return [self.short(path) for path in found if not any(inside(path, out) for out in made)]

    def makers(self, stage: Any) -> list[Any]:
        """Stages that make what a stage reads."""
        return [maker for maker in self.records.upstream[stage.addressing] if maker.cmd]

    def weights(self, stage: Any) -> dict[str, int]:
        """Bytes that a stage reads of each stage that makes what it reads."""
        found = {maker.addressing: 0 for maker in self.makers(stage)}
        for maker in self.makers(stage):
            for dep in stage.deps:
                if any(inside(dep.fs_path, out.fs_path) or inside(out.fs_path, dep.fs_path) for out in maker.outs):
                    found[maker.addressing] += dep.meta.size or 0
        return found

    def short(self, path: str) -> str:
        """Path relative to the project."""
        return Path(os.path.relpath(path, self.root)).as_posix()

    def read(self, paths: list[str]) -> dict[str, bytes]:
        """Bytes of files by their path relative to the project."""
        return {path: Path(self.root, path).read_bytes() for path in paths if Path(self.root, path).is_file()}

    def pack(self, stage: Any, known: dict[str, str]) -> dict[str, Any]:
        """All that a worker needs for a stage in a clone where files with ``known`` hashes stand already."""
        reads, makers = [dep.fs_path for dep in stage.deps], self.makers(stage)
        given = sorted({*self.given(stage), *self.code, *(ALWAYS & self.followed)})
        outs = [out for maker in makers for out in maker.outs]
        open_ = [path for path in reads if os.path.isdir(path) and not any(inside(path, out.fs_path) for out in outs)]
        plain = [path for out in outs if not out.use_cache for path in task_folder.files(out)]
        made = self.read([self.short(path) for path in plain if any(inside(path, dep) for dep in reads)])
        for maker in makers:
            for out, path in task_folder.parts(maker, reads):
                hashes = task_folder.used(out, path)
                task_folder.send(out, hashes - self.pushed)
                self.pushed |= hashes
        return {
            "file": self.short(stage.path),
            "name": stage.name,
            "inputs": task_folder.inputs(stage),
            "files": {path: data for path, data in self.read(given).items() if known.get(path) != digest(data)},
            "folders": [self.short(path) for path in open_],
            "listed": [*given, *made],
            "made": made,
            "needs": [
                {"file": self.short(maker.path), "name": maker.name, "lock": task_folder.outputs(maker)}
                | {"paths": [self.short(path) for path in reads]}
                for maker in makers
            ],
        }

    def take_in(self, stage: Any, result: dict[str, Any]) -> None:
        """Put in place what a stage has made elsewhere; raises ``DvcException`` when the remote does not have it."""
        for path, text in result["files"].items():
            Path(self.root, path).parent.mkdir(parents=True, exist_ok=True)
            Path(self.root, path).write_bytes(base64.b64decode(text))
        for out in stage.outs:
            out.clear()
        StageLoader.fill_from_lock(stage, task_folder.read_entry(result["lock"]))
        for out in stage.outs:
            if out.use_cache:
                task_folder.bring(out, out.fs_path)
                self.pushed |= task_folder.used(out, out.fs_path)


def digest(data: bytes) -> str:
    """What tells whether a file has been sent."""
    return hashlib.md5(data).hexdigest()


def followed(root: str) -> set[str]:
    """Files that git follows; raises ``ComputeError`` outside of git."""
    done = subprocess.run(["git", "ls-files", "-z"], cwd=root, capture_output=True)
    if done.returncode:
        raise ComputeError(f"{root} is not in git, which tells what may go to other machines")
    return {part for part in os.fsdecode(done.stdout).split("\0") if part}
