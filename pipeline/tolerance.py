"""How far a published number may move and still be the same number: the only place that says so.

A tolerance is for the last digits that another processor computes, not for another answer. It stands in code, where a
change of it is seen as such, and never in the record that it is used on.
"""

import math

# Of the number itself: one unit in the sixth digit, the last that tables print, is never more than this.
RELATIVE = 1e-5
# Smaller than this, a number is what is left of a sum that is zero: its sign means nothing.
TINY = 1e-12
# Digits of a number that are compared as they are printed, and to which it is rounded where only a hash is at hand: two
# numbers with one rounding differ by less than 1e-4.
DIGITS = 5
# Places in a drawing, in points, and decimals of them in a hash: a tenth of a thousandth of a point is not seen.
COORDINATE, DECIMALS = 1e-4, 4
# Steps of 255 by which the shade of a dot may differ: not seen either.
SHADE = 2


def same_number(old: float, new: float, scale: float = 0.0) -> bool:
    """Whether two numbers are the same but for their last digits; a change of sign never is, nor from or to zero.

    ``scale`` is the size of what a sum was made of, for one that may be small beside its parts.
    """
    if old == new or (math.isnan(old) and math.isnan(new)):
        return True
    size = max(abs(old), abs(new))
    if size <= TINY * max(1.0, scale):
        return True
    same_sign = math.copysign(1, old) == math.copysign(1, new) and old != 0 != new
    return same_sign and abs(old - new) <= RELATIVE * max(size, scale) < math.inf


def same_place(old: float, new: float) -> bool:
    """Whether two coordinates of a drawing are the same place."""
    return abs(old - new) <= COORDINATE
