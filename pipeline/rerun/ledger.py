"""DVC's own bookkeeping of a stage, cut in two around its command, so that other stages can be at work meanwhile.

Both halves hold DVC's lock of the project, one stage at a time; between them only the files of the stage are locked,
as in ``dvc repro``.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from typing import Any

from dvc.exceptions import DvcException
from dvc.repo import Repo
from dvc.repo.reproduce import collect_stages, get_active_graph, plan_repro
from dvc.rwlock import rwlock
from dvc.stage.cache import RunCacheNotFoundError
from dvc.stage.serialize import to_single_stage_lockfile

from pipeline import paths
from pipeline.rerun import locks, prose, snapshot
from pipeline.rerun.lockfile import ForeignLockError, LockFile

UNCHANGED, CACHED, PROSE, MUST_RUN = "unchanged", "from the cache", "words only", "must run"


class Ledger:
    """Stages in the order of ``dvc repro``, what each needs, and what DVC knows of it."""

    def __init__(self, targets: list[str]) -> None:
        self.repo: Any = Repo(str(paths.ROOT))
        self.whole, self.snapshot = not targets, snapshot.Snapshot()
        self.held: dict[str, ExitStack] = {}
        with self.locked():
            locks.heal_rwlock(self.repo.tmp_dir)
            graph = get_active_graph(self.repo.index.graph)
            stages = plan_repro(graph, collect_stages(self.repo, targets or ["dvc.yaml"]))
            self.stages = {stage.addressing: stage for stage in stages}
            self.needs = {
                stage.addressing: [made.addressing for made in graph.successors(stage) if made in stages]
                for stage in stages
            }
            self.upstream = {stage.addressing: list(graph.successors(stage)) for stage in stages}
            self.lock_file = self._lock_file()

    def _lock_file(self) -> LockFile | None:
        try:
            return LockFile(paths.ROOT / "dvc.lock", snapshot.folder() / "unfinished.json", list(self.stages))
        except ForeignLockError:
            return None

    def locked(self) -> AbstractContextManager[None]:
        """Hold DVC's lock of the project; while stages are at work, waits as long as another DVC holds it."""
        return locks.project(self.repo, lambda: bool(self.held))

    def begin(self, name: str) -> str:
        """Look whether a stage has to run, and make ready for it; raises ``DvcException`` when it cannot."""
        stage = self.stages[name]
        with self.locked():
            seen = self._marks(stage, stage.deps) | self._marks(stage, stage.outs)
            if not stage.changed(False, self.upstream[name]):
                self.snapshot.add(seen)
                return UNCHANGED
            if not stage.cmd or stage.frozen or stage.is_import:
                stage.reproduce(upstream=self.upstream[name])
                return self._record(stage, CACHED)
            if prose.only_words_changed(stage):
                prose.reword(name)
                return self._record(stage, PROSE)
            stage.remove_outs(ignore_remove=False, force=False)
            try:
                self.repo.stage_cache.restore(stage)
                return self._record(stage, CACHED)
            except RunCacheNotFoundError:
                stage.save_deps()
            self._hold(stage)
        return MUST_RUN

    def finish(self, name: str, fetch: Callable[[str], None] | None = None) -> None:
        """Save and record what the command of a stage has made; raises ``DvcException`` when it is not all there.

        ``fetch`` brings it here when the command ran elsewhere.
        """
        self.let_go(name)
        with self.locked():
            if fetch:
                fetch(name)
            self._record(self.stages[name], MUST_RUN)

    def let_go(self, name: str) -> None:
        """Release the files of a stage."""
        if held := self.held.pop(name, None):
            held.close()

    def close(self, succeeded: bool) -> None:
        """The run is over; remember that all is up to date when it is."""
        if succeeded and self.whole:
            if self.lock_file:
                self.lock_file.finished()
            self.snapshot.keep(self.repo.cache.local.path)
        self.repo.close()

    def _hold(self, stage: Any) -> None:
        held = ExitStack()
        hardlink = self.repo.config["core"].get("hardlink_lock", False)
        reads, writes = ([item.fs_path for item in items] for items in (stage.deps, stage.outs))
        held.enter_context(
            rwlock(self.repo.tmp_dir, self.repo.fs, f"cacao repro {stage.addressing}", reads, writes, hardlink)
        )
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

    def _marks(self, stage: Any, items: list[Any]) -> snapshot.Marks:
        return snapshot.marks(item.fs_path for item in items if item.protocol == "local") if self.whole else {}


__all__ = ["CACHED", "MUST_RUN", "PROSE", "UNCHANGED", "DvcException", "Ledger"]
