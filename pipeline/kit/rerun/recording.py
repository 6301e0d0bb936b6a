"""DVC's own bookkeeping of a stage, cut in two around its command, so that other stages can be at work meanwhile.

Both halves hold DVC's lock of the project, one stage at a time; between them only the files of the stage are locked,
as in ``dvc repro``.
"""

import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from typing import Any

import psutil
from dvc.exceptions import DvcException
from dvc.lock import LockError
from dvc.repo import Repo
from dvc.repo.reproduce import collect_stages, get_active_graph, plan_repro
from dvc.rwlock import rwlock
from dvc.stage.cache import RunCacheNotFoundError, _can_hash
from dvc.stage.serialize import to_single_stage_lockfile

from pipeline.kit import paths, yaml_text
from pipeline.kit.hashes import md5_of_file
from pipeline.kit.rerun import lockfile
from pipeline.kit.rerun.lockfile import ForeignLockError, LockFile, replace
from pipeline.kit.rerun.request import Request
from pipeline.kit.stages.outputs import files, is_readable, move_aside


@contextmanager
def project(repo: Any, patient: Callable[[], bool]) -> Iterator[None]:
    """Hold DVC's lock of a project; while ``patient`` says so, waits as long as another DVC holds it."""
    while True:
        try:
            repo.lock.lock()
            break
        except LockError:
            if not patient():
                raise
    try:
        with repo.scm_context(quiet=True):
            yield
    finally:
        repo.lock.unlock()


def heal_rwlock(folder: str) -> None:
    """Take out of DVC's list of locked files what no DVC holds any more; a list cut short by a kill goes as a whole."""
    path = Path(folder) / "rwlock"
    try:
        locked, written = json.loads(path.read_text(encoding="utf-8")), path.stat().st_mtime
        read = {file: [one for one in holders if _holds(one, written)] for file, holders in locked["read"].items()}
        write = {file: holder for file, holder in locked["write"].items() if _holds(holder, written)}
    except FileNotFoundError:
        return
    except (ValueError, KeyError, TypeError, AttributeError):
        path.unlink()
        return
    kept = {"read": {file: holders for file, holders in read.items() if holders}, "write": write}
    if kept != locked:
        replace(path, json.dumps(kept))


def _holds(entry: dict[str, Any], written: float) -> bool:
    """Whether the process that wrote an entry is there; one that started after ``written`` only has its number."""
    try:
        return psutil.Process(int(entry["pid"])).create_time() <= written
    except psutil.Error:
        return False


Cell = dict[str, Any]


def only_words_changed(stage: Any) -> bool:
    """Whether nothing but Markdown cells differs from the last run of a DVC stage, whose outputs are all there."""
    if stage.cmd != f"python -m pipeline.kit.stages.run {stage.name}" or stage.changed_stage():
        return False
    changed = [dep.def_path for dep in stage.deps if dep.status()]
    notebook = (paths.NOTEBOOKS / f"{stage.name}.ipynb").relative_to(paths.ROOT).as_posix()
    return changed == [notebook] and not stage.changed_outs() and reworded(stage.name) is not None


def reword(name: str) -> None:
    """Write the executed copy of a stage with the words of its notebook."""
    text = reworded(name)
    assert text is not None
    replace(paths.executed_notebook(name), text)


def reworded(name: str) -> str | None:
    """The executed copy with the words of the notebook; none when code differs, or the copy cannot be read."""
    import nbformat

    try:
        written = nbformat.read(paths.NOTEBOOKS / f"{name}.ipynb", as_version=4)
        executed = nbformat.read(paths.executed_notebook(name), as_version=4)
    except (OSError, ValueError):
        return None
    injected = [cell for cell in executed.cells if "injected-parameters" in tags(cell)]
    run = [cell for cell in executed.cells if cell.cell_type != "markdown" and cell not in injected]
    code = [cell for cell in written.cells if cell.cell_type != "markdown"]
    if len(injected) > 1 or [identity(cell) for cell in run] != [identity(cell) for cell in code]:
        return None
    if settings(written) != settings(executed):
        return None
    remaining = iter(run)
    # Without a cell of parameters, papermill puts the values first.
    cells = [] if any("parameters" in tags(cell) for cell in run) else [*injected]
    for cell in written.cells:
        cells.append(with_tags(cell) if cell.cell_type == "markdown" else next(remaining))
        if "parameters" in tags(cell):
            cells += injected
    executed.cells = cells
    return nbformat.writes(executed) + "\n"


def tags(cell: Any) -> list[str]:
    """Tags of a cell."""
    found: list[str] = cell.metadata.get("tags", [])
    return found


def with_tags(cell: Any) -> Any:
    """A Markdown cell as papermill leaves it."""
    cell.metadata.setdefault("tags", [])
    return cell


def identity(cell: Any) -> str:
    """All of a code cell that an execution depends on; what papermill adds is left out."""
    metadata = json.loads(json.dumps(cell.metadata))
    metadata.setdefault("tags", [])
    jupyter = metadata.pop("jupyter", {})
    jupyter.pop("source_hidden", None)
    return json.dumps([cell.cell_type, cell.get("id"), cell.source, metadata, jupyter], sort_keys=True)


def settings(notebook: Any) -> str:
    """Settings of the whole notebook but those that an execution adds."""
    kept = {key: value for key, value in notebook.metadata.items() if key not in ("language_info", "papermill")}
    return json.dumps([kept, notebook.nbformat, notebook.nbformat_minor], sort_keys=True)


def spoiled(run: Any) -> int:
    """How many files of the outputs of a recorded run no longer hold in DVC's cache what their names say; they move."""
    found, aside = [], lockfile.folder() / "changed"
    for out in run.outs:
        objects = [entry.value for _, _, entry in out.get_obj() or []] if out.hash_info.isdir else [out.hash_info.value]
        for md5 in objects:
            path = Path(out.cache.oid_to_path(md5))
            if path.exists() and md5_of_file(path) != md5:
                aside.mkdir(exist_ok=True)
                path.rename(aside / md5)
                found.append(md5)
    return len(found)


def clear(stage: Any, runs: list[Any]) -> None:
    """Delete the outputs of a stage, and move aside what is in its folders and that none of its recorded runs made."""
    for out in stage.outs:
        place = Path(out.fs_path)
        known = {name for run in runs for other in run.outs if other.def_path == out.def_path for name in made(other)}
        found = files(place) if place.is_dir() else [""] if os.path.lexists(place) else []
        move_aside({f"{out.def_path}/{name}".rstrip("/"): place / name for name in found if name not in known})
    stage.remove_outs(ignore_remove=False, force=False)


def made(out: Any) -> list[str]:
    """Paths of the files of a recorded output within it; that of an output which is a file is empty."""
    recorded = out.get_obj() if out.hash_info.isdir else None
    return ["/".join(key) for key, _, _ in recorded or []] if out.hash_info.isdir else [""]


def set_odd_aside(stage: Any) -> None:
    """Move aside what is in the folders of a stage and DVC cannot read: broken links, pipes, names that are no text."""
    for out in stage.outs:
        place = Path(out.fs_path)
        odd = [name for name in files(place) if not is_readable(place / name)]
        move_aside({f"{out.def_path}/{name}": place / name for name in odd})


UNCHANGED, CACHED, PROSE, MUST_RUN = "unchanged", "from the cache", "words only", "must run"


class StageRecords:
    """Stages in the order of ``dvc repro``, what each needs, and what DVC knows of it."""

    def __init__(self, request: Request) -> None:
        self.request, self.whole, self.snapshot = request, not request.targets, lockfile.Snapshot()
        self.repo: Any = Repo(str(paths.ROOT))
        self.held: dict[str, ExitStack] = {}
        with self.locked():
            heal_rwlock(self.repo.tmp_dir)
            graph = get_active_graph(self.repo.index.graph)
            stages = collect_stages(self.repo, request.targets or ["dvc.yaml"], glob=request.glob)
            # As in DVC: with all that hangs together, neither of the others means anything.
            if request.pipeline or not request.single:
                stages = plan_repro(graph, stages, request.pipeline, request.downstream and not request.pipeline)
            self.stages = {stage.addressing: stage for stage in stages}
            self.needs = {
                stage.addressing: [made.addressing for made in graph.successors(stage) if made in stages]
                for stage in stages
            }
            self.upstream = {stage.addressing: list(graph.successors(stage)) for stage in stages}
            self.lock_file = self._lock_file()

    def _lock_file(self) -> LockFile | None:
        try:
            return LockFile(paths.ROOT / "dvc.lock", lockfile.folder() / "unfinished.json", list(self.stages))
        except ForeignLockError:
            return None

    def locked(self) -> AbstractContextManager[None]:
        """Hold DVC's lock of the project; while stages are at work, waits as long as another DVC holds it."""
        return project(self.repo, lambda: bool(self.held))

    def begin(self, name: str) -> str:
        """Look whether a stage has to run, and make ready for it; raises ``DvcException`` when it cannot."""
        stage = self.stages[name]
        with self.locked():
            set_odd_aside(stage)
            seen = self._marks(stage, stage.deps) | self._marks(stage, stage.outs)
            if not self._is_stale(name):
                self.snapshot.add(seen)
                return UNCHANGED
            if not stage.cmd or stage.frozen or stage.is_import:
                stage.reproduce(upstream=self.upstream[name], force=self.request.force)
                return self._record(stage, CACHED)
            is_forced = self.request.force
            if not is_forced and only_words_changed(stage):
                reword(name)
                return self._record(stage, PROSE)
            runs = self._runs(stage)
            clear(stage, runs)
            # What the run cache holds was made with what was taken out.
            is_new = is_forced or not self.request.run_cache or self._lists_less(stage)
            if not is_new and self._restored(stage, runs):
                return self._record(stage, CACHED)
            stage.save_deps()
            self._hold(stage)
        return MUST_RUN

    def foreseen(self) -> dict[str, str]:
        """Stages that would run, with the command of each; of one that reads what these make, an empty text."""
        found: dict[str, str] = {}
        with self.locked():
            for name, stage in self.stages.items():
                if self._is_stale(name):
                    found[name] = str(stage.cmd)
                elif found.keys() & set(self.needs[name]):
                    found[name] = ""
        return found

    def _is_stale(self, name: str) -> bool:
        stage = self.stages[name]
        return bool(self.request.force or self._lists_less(stage) or stage.changed(False, self.upstream[name]))

    def finish(self, name: str, fetch: Callable[[str], None] | None = None) -> None:
        """Save and record what the command of a stage has made; raises ``DvcException`` when it is not all there.

        ``fetch`` brings it here when the command ran elsewhere.
        """
        self.let_go(name)
        with self.locked():
            if fetch:
                fetch(name)
            # What was read was noted when the stage began.
            if changed := [dep.def_path for dep in self.stages[name].deps if dep.status()]:
                raise DvcException(f"changed while the stage ran: {', '.join(changed)}; its result is not recorded")
            self._record(self.stages[name], MUST_RUN)

    def let_go(self, name: str) -> None:
        """Release the files of a stage."""
        if held := self.held.pop(name, None):
            held.close()

    def close(self, succeeded: bool) -> None:
        """The run is over; remember that all is up to date when it is."""
        if succeeded and self.whole and self.lock_file:
            self.lock_file.finished()
            self.snapshot.keep(self.repo.cache.local.path, self.lock_file.text)
        self.repo.close()

    def _runs(self, stage: Any) -> list[Any]:
        """The runs of a stage that are on record: the last one, and that of the run cache for what it reads now."""
        cache = self.repo.stage_cache
        # The run cache is asked for what the stage reads now; that it read other things before must be known after.
        before = [(dep, dep.hash_info, dep.meta) for dep in stage.deps]
        try:
            stage.save_deps()
            entry = cache._load(stage) if _can_hash(stage) else None
        finally:
            for dep, hash_info, meta in before:
                dep.hash_info, dep.meta = hash_info, meta
        last = [stage] if all(out.hash_info for out in stage.outs) else []
        return last + ([cache._create_stage(entry, wdir=stage.wdir)] if entry else [])

    def _restored(self, stage: Any, runs: list[Any]) -> bool:
        """Whether the run cache has what the stage would make, whole; else nothing of it is in place."""
        if count := sum(map(spoiled, runs)):
            aside = paths.shown(lockfile.folder() / "changed")
            told = f"{count} file(s) in the cache were changed and are not used; they are in {aside}"
            print(f"{stage.name}: {told}", file=sys.stderr)
        try:
            self.repo.stage_cache.restore(stage)
        except RunCacheNotFoundError:
            return False
        return True

    def _lists_less(self, stage: Any) -> bool:
        """Whether something was taken out of what ``dvc.yaml`` lists since the last run, which DVC does not see."""
        if not self.lock_file or stage.name not in self.lock_file.entries:
            return False
        recorded = yaml_text.load(self.lock_file.entries[stage.name])[stage.name]
        files = {item["path"] for item in recorded.get("deps", [])} | set(recorded.get("params", {}))
        names = {name for values in recorded.get("params", {}).values() for name in values}
        listed = {name for dep in stage.deps for name in getattr(dep, "params", None) or []}
        whole = any(getattr(dep, "params", None) == [] for dep in stage.deps)
        return bool(files - {dep.def_path for dep in stage.deps}) or (not whole and bool(names - listed))

    def _hold(self, stage: Any) -> None:
        held = ExitStack()
        hardlink = self.repo.config["core"].get("hardlink_lock", False)
        reads, writes = ([item.fs_path for item in items] for items in (stage.deps, stage.outs))
        held.enter_context(rwlock(self.repo.tmp_dir, self.repo.fs, f"run {stage.addressing}", reads, writes, hardlink))
        self.held[stage.addressing] = held

    def _record(self, stage: Any, verdict: str) -> str:
        seen = self._marks(stage, stage.deps)
        # As `dvc repro`: the run cache is of no use when an output is not cached.
        cached = all(out.use_cache or out.is_metric or out.is_plot for out in stage.outs)
        stage.save(run_cache=cached)
        stage.commit()
        if self.lock_file and stage.name and stage.path == str(paths.ROOT / "dvc.yaml"):
            self.lock_file.put(stage.name, to_single_stage_lockfile(stage))
        else:
            stage.dump(update_pipeline=False)
        self.snapshot.add(seen | self._marks(stage, stage.outs))
        return verdict

    def _marks(self, stage: Any, items: list[Any]) -> lockfile.Marks:
        return lockfile.marks(item.fs_path for item in items if item.protocol == "local") if self.whole else {}


__all__ = ["CACHED", "MUST_RUN", "PROSE", "UNCHANGED", "DvcException", "StageRecords"]
