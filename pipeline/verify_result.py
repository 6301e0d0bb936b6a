"""What a check of ``cacao verify`` can come to."""

from dataclasses import dataclass

IDENTICAL, SAME, FAILED = "identical", "other bytes, same content", "failed"


@dataclass(frozen=True)
class Check:
    """One thing that was checked, with its result: one of the three above.

    ``how`` says by what it was compared, ``detail`` what differs or what was found.
    """

    kind: str
    name: str
    result: str
    detail: str = ""
    how: str = ""
