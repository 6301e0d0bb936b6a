"""Which stage is the most pressing, and which wants to be alone."""

from typing import Any

UNKNOWN_S = 1.0


def remaining(needs: dict[str, list[str]], seconds: dict[str, float]) -> dict[str, float]:
    """Seconds from the start of each stage to the end of the last stage that waits for it."""
    found: dict[str, float] = {}
    # Stages stand after what they need.
    for name in reversed(needs):
        after = [found[other] for other, needed in needs.items() if name in needed and other in found]
        found[name] = seconds.get(name, UNKNOWN_S) + max(after, default=0.0)
    return found


def alone(stage: Any) -> bool:
    """Whether a stage asks, by ``meta: {alone: true}`` in ``dvc.yaml``, that nothing runs beside it."""
    return bool(isinstance(stage.meta, dict) and stage.meta.get("alone"))
