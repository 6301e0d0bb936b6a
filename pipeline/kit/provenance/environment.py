"""Write ``environment.yml``, which conda and Binder read, from ``requirements.lock``.

Hashes are left out: conda hands its pip section to one pip call, and pip cannot check hashes where the project
itself is installed from its folder. One thread per notebook, as in the stages: with several, small sums wait for each
other, and 08 takes six times as long.
"""

import re

import yaml

from pipeline.kit import declared, paths
from pipeline.kit.paths import THREAD_VARIABLES

LOCK = paths.ROOT / "requirements.lock"
ENVIRONMENT = paths.ROOT / "environment.yml"
HEADER = "# Environment for conda and Binder, written from requirements.lock by `make lock`; not edited by hand.\n"


def read_lock(text: str) -> list[str]:
    """Locked requirements as ``name==version ; marker``, without hashes, comments and options."""
    joined = re.sub(r"\\\n", " ", text)
    bare = (re.split(r"\s(?:#|--hash=)", line)[0] for line in joined.splitlines())
    requirements = (" ".join(line.split()) for line in bare)
    return [line for line in requirements if line and not line.startswith(("#", "-"))]


def render(lines: list[str]) -> str:
    """``environment.yml`` as text: Python and pip from conda, everything else at its locked version."""
    content = {
        "name": declared.name(),
        "channels": ["conda-forge"],
        "dependencies": ["python=3.12", "pip", {"pip": [*lines, "-e ."]}],
        "variables": dict.fromkeys(THREAD_VARIABLES, "1"),
    }
    return HEADER + yaml.safe_dump(content, sort_keys=False, width=1000)


if __name__ == "__main__":
    ENVIRONMENT.write_text(render(read_lock(LOCK.read_text(encoding="utf-8"))), encoding="utf-8")
