"""How many digits a result has: all that is published is rounded here, and comes out the same on every machine.

The last of sixteen digits depends on the processor: on which of its instructions the libraries use, and in which order
they add. Six digits do not, unless a model is worse than its arithmetic.
"""

import pandas as pd

# Of results.
DIGITS = 6
# Of what is restated from sources and what models read: more than any source gives.
SOURCE_DIGITS = 10


def rounded(value: float, digits: int = DIGITS) -> float:
    """The number with so many significant digits; zero has no sign.

    It is cut to twelve digits first, so that what lies half-way is the same number on all machines and goes one way.
    """
    return float(f"{float(f'{value:.12g}'):.{digits}g}") + 0.0


def rounded_table(frame: pd.DataFrame, digits: int = DIGITS) -> pd.DataFrame:
    """The table with every number that has decimals rounded; whole numbers, flags and text stay."""
    result = frame.copy()
    for name, column in frame.items():
        if pd.api.types.is_float_dtype(column):
            result[name] = column.map(lambda cell: rounded(cell, digits), na_action="ignore")
        elif pd.api.types.is_object_dtype(column):
            result[name] = column.map(lambda cell: rounded(cell, digits) if isinstance(cell, float) else cell)
    return result
