"""The factor on fertilizer prices reaches every price of fertilizer once, and is applied in one function."""

import ast
import json
import textwrap
from collections.abc import Iterator
from functools import cache

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import settings as run
from hypothesis import strategies as st

from pipeline.kit import paths
from pipeline.params import load_params
from pipeline.site import calculator_settings
from pipeline.study.evidence import clean as evidence_clean
from pipeline.study.evidence.tables import BASELINES, COSTS, EFFECTS
from pipeline.study.fertilizer import best_dose
from pipeline.study.prices import clean, prices_now
from pipeline.study.prices.tables import EXCHANGE_CPI, LOCAL_PRICES, WORLD_PRICES
from pipeline.study.scenarios import measures

FACTORS = st.floats(0.1, 10)
FACTOR = {"fertilizer_multiplier", "multiplier"}
TRANSPORT = 200.0


@cache
def priced() -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Clean tables of local and world prices, costs and baselines."""
    return clean.local_prices(1.6), clean.world_prices(46.0), evidence_clean.costs(), evidence_clean.baselines()


def npk(factor: float) -> np.ndarray:
    local, world, costs, _ = priced()
    rates = prices_now.exchange_rates(clean.exchange_cpi(), costs)
    return best_dose.price_cases(local, world, rates, "2026-01", factor)["price_idr_per_kg"].to_numpy()


def compost(factor: float) -> np.ndarray:
    """Cost of compost in Rp/ha, without its freight."""
    local, _, costs, baselines = priced()

    def cost(price_factor: float, transport: float) -> np.ndarray:
        rng = np.random.default_rng(1)
        return measures.compost_cost(local, (costs, baselines), transport, price_factor, rng, 50)[0]

    freight = cost(1.0, TRANSPORT) - cost(1.0, 0.0)
    return cost(factor, TRANSPORT) - freight


@pytest.mark.parametrize("price", [npk, compost])
@given(FACTORS)
def test_every_price_of_fertilizer_moves_by_the_factor_once(price, factor):
    assert price(factor) == pytest.approx(factor * price(1.0))


@pytest.fixture(scope="module")
def from_raw() -> Iterator[None]:
    """The calculator reads tables made from the raw ones, as if the stages had run."""
    local, world, costs, baselines = priced()
    made = {
        LOCAL_PRICES.name: local,
        WORLD_PRICES.name: world,
        COSTS.name: costs,
        BASELINES.name: baselines,
        EXCHANGE_CPI.name: clean.exchange_cpi(),
        EFFECTS.name: evidence_clean.effects(0.9),
    }
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(calculator_settings, "read_clean", lambda table: made[table.name])
        yield


def start(factor: float) -> tuple[float, dict[str, float], float]:
    """Start value of fertilizer, all prices of NPK, and the start value of cocoa, in Rp/kg."""
    params = load_params(paths.PARAMS)
    params.prices.fertilizer_multiplier = factor
    known = calculator_settings.fields(params)
    return known["fertilizer"].default, calculator_settings.npk_prices(params).to_dict(), known["cocoa"].default


@run(max_examples=5)
@given(FACTORS)
def test_the_calculator_starts_at_the_price_that_the_factor_sets(from_raw, factor):
    fertilizer, cases, cocoa = start(factor)
    fertilizer_now, cases_now, cocoa_now = start(1.0)
    assert fertilizer == pytest.approx(factor * fertilizer_now)
    assert cases == pytest.approx({name: factor * price for name, price in cases_now.items()})
    assert cocoa == cocoa_now


def products_with_the_factor(code: str) -> list[str]:
    """Functions in which something is multiplied by the factor on fertilizer prices."""
    found = []
    for scope in ast.walk(ast.parse(code)):
        if not isinstance(scope, ast.FunctionDef):
            continue
        for node in ast.walk(scope):
            sides = {ast.BinOp: ("left", "right"), ast.AugAssign: ("target", "value")}.get(type(node), ())
            words = [ast.unparse(getattr(node, side)).split(".")[-1] for side in sides]
            if isinstance(getattr(node, "op", None), ast.Mult) and FACTOR & set(words):
                found.append(scope.name)
    return found


def test_one_function_alone_multiplies_by_the_factor():
    modules = [path.read_text(encoding="utf-8") for path in sorted((paths.ROOT / "pipeline").rglob("*.py"))]
    notebooks = [json.loads(path.read_text(encoding="utf-8")) for path in sorted(paths.NOTEBOOKS.glob("*.ipynb"))]
    cells = [
        "def cell():\n" + textwrap.indent("".join(cell["source"]), "    ") + "\n    pass"
        for notebook in notebooks
        for cell in notebook["cells"]
        if cell["cell_type"] == "code"
    ]
    assert [name for code in [*modules, *cells] for name in products_with_the_factor(code)] == ["as_set"]
