"""What a run shows: a line per stage with its time and the time it took before; on a terminal also what runs now."""

import json
import shutil
import sys
import time
from pathlib import Path

from pipeline.rerun.lockfile import replace


class Progress:
    """Remembers in ``memory`` how long stages take, to say what is to be expected."""

    def __init__(self, memory: Path) -> None:
        self.memory, self.started = memory, dict[str, float]()
        self.terminal, self.shown = sys.stdout.isatty(), False
        try:
            known = json.loads(memory.read_text(encoding="utf-8"))
            self.seconds = {str(name): float(value) for name, value in known.items()}
        except (OSError, ValueError, TypeError, AttributeError):
            self.seconds = {}

    def expected(self, name: str) -> float | None:
        """Seconds that a stage took when it last ran."""
        return self.seconds.get(name)

    def start(self, name: str, where: str = "") -> None:
        """A stage has been started; ``where`` follows in the line when it is not on this machine."""
        self.started[name] = time.monotonic()
        self.line(f"{name}: started{where}{self._hint(name)}")

    def end(self, name: str, what: str, remember: bool) -> None:
        """A stage that was started has ended."""
        taken = time.monotonic() - self.started.pop(name)
        self.line(f"{name}: {what}, {taken:.1f} s{self._hint(name)}")
        if remember:
            self.seconds[name] = round(taken, 2)

    def line(self, text: str) -> None:
        """A line that stays."""
        self._clear()
        print(text, flush=True)
        self.tick()

    def tick(self) -> None:
        """On a terminal, the last line says what runs and for how long."""
        if self.terminal and self.started:
            now = time.monotonic()
            parts = [f"{name} {now - begun:.0f} s{self._hint(name)}" for name, begun in self.started.items()]
            width = shutil.get_terminal_size().columns - 1
            self._clear()
            print(" | ".join(parts)[:width], end="", flush=True)
            self.shown = True

    def close(self) -> None:
        """Write what is remembered."""
        self._clear()
        replace(self.memory, json.dumps(self.seconds))

    def _clear(self) -> None:
        if self.shown:
            print("\r\033[K", end="", flush=True)
            self.shown = False

    def _hint(self, name: str) -> str:
        expected = self.expected(name)
        return "" if expected is None else f" (expected {expected:.1f} s)"
