"""Two families of response curves: Mitscherlich and quadratic plateau, with one interface.

Doses are relative to a full dose. A curve gives the share of the gain of the full dose: nothing at no dose, all
of it at the full dose, and every further kilogram adds less. One number gives its shape. Each family has a
``name`` and four functions: ``share`` of the gain at a dose, ``first_slope`` of the share at no dose, ``dose_at``
which the slope has fallen to a part (above 0, at most 1) of the first one, and ``shape_bounds`` within which data
whose least relative dose above zero is given can tell shapes apart. Arguments broadcast. Shapes in the range
``drawn`` count as equally likely where no dose trial tells them: both families then begin with 1.5 to 4 times
the mean slope up to the full dose.
"""

from dataclasses import dataclass

import numpy as np

Number = np.ndarray | float


@dataclass(frozen=True)
class Mitscherlich:
    """The slope falls by a constant share per kilogram, and never to zero; the shape is the curvature."""

    name: str = "mitscherlich"
    drawn: tuple[float, float] = (1.0, 4.0)

    def share(self, dose: Number, shape: Number) -> np.ndarray:
        """(1 - exp(-shape dose)) / (1 - exp(-shape))."""
        return np.expm1(-np.asarray(shape) * dose) / np.expm1(-np.asarray(shape))

    def first_slope(self, shape: Number) -> np.ndarray:
        """Slope of the share at no dose."""
        return np.asarray(shape / -np.expm1(-np.asarray(shape)))

    def dose_at(self, slope: Number, shape: Number) -> np.ndarray:
        """The slope falls as exp(-shape dose)."""
        return -np.log(slope) / np.asarray(shape)

    def shape_bounds(self, least_dose: float) -> tuple[float, float]:
        """From a straight line to all but the whole gain at the least dose."""
        return 0.01, 5.0 / least_dose


@dataclass(frozen=True)
class QuadraticPlateau:
    """The slope falls along a line to zero and stays there; the shape is the relative dose of the plateau."""

    name: str = "quadratic_plateau"
    drawn: tuple[float, float] = (0.5, 1.5)

    def share(self, dose: Number, shape: Number) -> np.ndarray:
        """The parabola through zero with its top at the plateau, flat beyond, over its value at the full dose."""
        return _parabola(np.asarray(dose) / shape) / _parabola(1.0 / np.asarray(shape))

    def first_slope(self, shape: Number) -> np.ndarray:
        """Slope of the share at no dose."""
        return 2.0 / np.asarray(shape) / _parabola(1.0 / np.asarray(shape))

    def dose_at(self, slope: Number, shape: Number) -> np.ndarray:
        """The slope falls as 1 - dose / plateau."""
        return (1.0 - np.asarray(slope)) * shape

    def shape_bounds(self, least_dose: float) -> tuple[float, float]:
        """From the plateau at the least dose to a straight line."""
        return least_dose, 50.0


def _parabola(dose: np.ndarray) -> np.ndarray:
    within = np.minimum(dose, 1.0)
    return within * (2.0 - within)


MITSCHERLICH, QUADRATIC_PLATEAU = Mitscherlich(), QuadraticPlateau()
Family = Mitscherlich | QuadraticPlateau
FAMILIES: tuple[Family, ...] = (MITSCHERLICH, QUADRATIC_PLATEAU)


@dataclass(frozen=True)
class Response:
    """A response curve: its family, the full dose in kg/ha, draws of the gain of that dose in kg/ha and of the shape.

    Raises ``ValueError`` when the full dose is not above zero.
    """

    family: Family
    full_dose: float
    gain: np.ndarray
    shape: np.ndarray

    def __post_init__(self) -> None:
        if not self.full_dose > 0:
            raise ValueError(f"a full dose of {self.full_dose:g} kg/ha is not above zero")

    def extra_yield(self, dose: Number) -> np.ndarray:
        """Extra yield in kg/ha from ``dose`` kg/ha; raises ``ValueError`` for a dose below zero."""
        if np.any(np.asarray(dose) < 0):
            raise ValueError(f"a dose of {np.min(dose):g} kg/ha is below zero")
        return self.gain * self.family.share(np.asarray(dose) / self.full_dose, self.shape)

    def choke_ratio(self) -> np.ndarray:
        """Price of a kg of fertilizer in kg of dry beans at which not even the first kg pays; zero without a gain."""
        return np.maximum(self.gain, 0.0) * self.family.first_slope(self.shape) / self.full_dose

    def optimal_dose(self, price_ratio: Number, most: float = 2.0) -> np.ndarray:
        """Dose in kg/ha at which one more kg of fertilizer just earns its price.

        ``price_ratio`` is the price of a kg of fertilizer, delivered and spread, in kg of dry beans. Zero when not
        even the first kg pays; capped at ``most`` full doses, beyond which nothing was tried. Raises ``ValueError``
        for a price below zero.
        """
        if np.any(np.asarray(price_ratio) < 0):
            raise ValueError(f"a price ratio of {np.min(price_ratio):g} is below zero")
        choke = self.choke_ratio()
        pays = choke > price_ratio
        slope = np.where(pays, price_ratio, 1.0) / np.where(pays, choke, 1.0)
        # Free fertilizer would be spread without end along a curve that never turns flat; the cap ends that.
        dose = self.family.dose_at(np.maximum(slope, np.finfo(float).tiny), self.shape) * self.full_dose
        return np.where(pays, np.clip(dose, 0.0, most * self.full_dose), 0.0)


def draw_response(family: Family, full_dose: float, gain: np.ndarray, rng: np.random.Generator) -> Response:
    """A response that adds the drawn gain at the full dose, its shape drawn evenly from the range of the family."""
    return Response(family, full_dose, gain, rng.uniform(*family.drawn, len(gain)))


def extra_yield(yield_now: np.ndarray, log_gain: np.ndarray, potential: float) -> np.ndarray:
    """Extra yield in kg/ha when a measure multiplies the present yield, shape as broadcast.

    No measure lifts a yield above ``potential`` kg/ha, the genetic potential of the clones; a present yield that
    already lies above it is not lowered for that reason.
    """
    after = yield_now * np.exp(log_gain)
    return np.minimum(after, np.maximum(potential, yield_now)) - yield_now
