"""How much fertilizer pays: a Mitscherlich response tied to the evidence, against prices in rupiah."""

import numpy as np

# Range of the curvature at the full dose: 1 is still rising there, 4 is all but flat. No dose trial on
# smallholder cacao in Indonesia gives it, so every value between counts as equally likely.
CURVATURE = (1.0, 4.0)


def draw_curvature(rng: np.random.Generator, size: int) -> np.ndarray:
    """Draws of the curvature of the response at the full dose, shape (size,)."""
    return rng.uniform(*CURVATURE, size)


def extra_yield(dose: np.ndarray, full_dose: float, gain: np.ndarray, curvature: np.ndarray) -> np.ndarray:
    """Extra yield in kg/ha from ``dose`` kg/ha, when the full dose adds ``gain`` kg/ha.

    Mitscherlich curve: zero at no dose, ``gain`` at the full dose, each further kg adds less. Shapes broadcast.
    """
    return gain * np.expm1(-curvature * np.asarray(dose) / full_dose) / np.expm1(-curvature)


def optimal_dose(
    price_ratio: np.ndarray, full_dose: float, gain: np.ndarray, curvature: np.ndarray, most: float = 2.0
) -> np.ndarray:
    """Dose in kg/ha at which one more kg of fertilizer just earns its price.

    ``price_ratio`` is the price of a kg of fertilizer, delivered and spread, in kg of dry beans. Zero when not
    even the first kg pays; capped at ``most`` full doses, beyond which nothing was tried.
    """
    slope_at_zero = np.asarray(gain) * curvature / full_dose / -np.expm1(-curvature)
    with np.errstate(divide="ignore", invalid="ignore"):
        dose = np.log(slope_at_zero / price_ratio) * full_dose / curvature
    return np.clip(np.nan_to_num(np.where(slope_at_zero > price_ratio, dose, 0.0)), 0.0, most * full_dose)


def value_cost_ratio(extra_kg: np.ndarray, bean_price: float, cost: np.ndarray | float) -> np.ndarray:
    """Value of the extra beans over the cost of getting them, both in Rp/ha.

    Raises ``ValueError`` for a cost or price that is not above zero.
    """
    if np.any(np.asarray(cost) <= 0) or bean_price <= 0:
        raise ValueError("cost and price must be above zero")
    return extra_kg * bean_price / cost


def break_even_price(extra_kg: np.ndarray, bean_price: float, dose: float, other_cost: float) -> np.ndarray:
    """Price of fertilizer in Rp/kg at which the dose just pays for itself; negative when nothing would."""
    return (extra_kg * bean_price - other_cost) / dose
