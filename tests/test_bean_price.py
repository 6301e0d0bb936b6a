"""What villages are paid for beans: reports as printed, world prices passed on, and forecasts that look back."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.study.bean_price import charts, nowcast

HOME, SULAWESI = "east_kalimantan", "sulawesi"
PRICE = "w@worldbank_prices_monthly:2"


def local(*rows: tuple) -> pd.DataFrame:
    """A clean table of local prices: item, group, market, date from, date to, moment, price, warnings, source."""
    names = [
        "item", "region_group", "market", "date_from", "date_to", "year_decimal", "price_idr_per_kg", "warnings",
        "source_id",
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=names).assign(place="somewhere")


def report(price: float, source: str = "a@local_prices:2", **changes: object) -> tuple:
    """One row of ``local``."""
    row = {
        "item": "cocoa_dry_unfermented", "group": HOME, "market": "farm_gate", "first": "2024-03-10",
        "last": "2024-03-10", "moment": 2024.19, "price": price, "warnings": None, "source": source,
    }  # fmt: skip
    return tuple((row | changes).values())


def test_the_ends_of_a_range_are_one_report_and_another_page_is_another() -> None:
    prices = local(report(40_000), report(90_000, "a@local_prices:3"), report(50_000, "b@local_prices:4"))
    found = nowcast.reports(prices).set_index("page")
    # The middle of a range is that of its logs: 60,000 for 40,000 to 90,000.
    assert np.exp(found.at["a", "log_price"]) == pytest.approx(60_000)
    assert found.loc["a", ["prices", "month", "island"]].tolist() == [2, "2024-03", HOME]
    assert found.at["a", "source_id"] == "a@local_prices:2;a@local_prices:3"
    assert len(found) == 2


@pytest.mark.parametrize(
    ("changes", "stays"),
    [
        ({}, True),
        ({"first": "2024-01", "last": "2024-04"}, True),
        ({"first": "2024-01", "last": "2024-05"}, False),
        ({"first": "2024", "last": "2024"}, False),
        ({"first": None, "last": "2024-03"}, True),
        ({"warnings": "press_figure;implausible"}, False),
        ({"warnings": "low_confidence"}, True),
        ({"warnings": "press_figure;same_data"}, False),
        ({"item": "npk"}, False),
        ({"market": "port"}, False),
        ({"group": "kutai_timur"}, True),
    ],
)
def test_a_report_tells_of_a_month_and_of_beans_and_is_plausible(changes: dict, stays: bool) -> None:
    found = nowcast.reports(local(report(40_000, **changes), report(30_000, "other@local_prices:9")))
    assert ("a" in set(found["page"])) is stays
    assert set(found["island"]) == {HOME}


@given(st.dates(pd.Timestamp("1990-01-01").date(), pd.Timestamp("2040-12-31").date()))
def test_a_day_and_a_month_are_of_their_month(day: object) -> None:
    text = str(day)
    assert nowcast.month_of(text, text) == nowcast.month_of(text[:7], text[:7]) == text[:7]


@pytest.mark.parametrize(
    ("first", "last", "month"),
    [
        ("2025-08", "2025-11", "2025-09"), ("2025-12", "2026-02", "2026-01"), ("2025-12-31", "2026-01-01", "2025-12"),
        ("2024", "2024", "2024-06"),
    ],
)  # fmt: skip
def test_a_longer_time_is_of_its_middle(first: str, last: str, month: str) -> None:
    assert nowcast.month_of(first, last) == month


def world(prices: list[float], first: str = "2023-01", rate: float = 15_000.0) -> pd.DataFrame:
    """World prices in USD/kg from a month on, and rates that stay: in rupiah."""
    index = pd.period_range(first, periods=len(prices), freq="M")
    table = pd.DataFrame(
        {
            "year": index.year,
            "month": index.month,
            "cocoa_usd_per_kg": prices,
            "source_id": "w@worldbank_prices_monthly:2",
        }
    )
    rates = pd.DataFrame({"idr_per_usd": rate, "source_id": "r@rates:2"}, index=[2022, 2023, 2024, 2026])
    return nowcast.world_in_rupiah(table, rates)


def test_a_year_has_its_mean_rate_and_after_the_last_mean_it_goes_straight_to_the_last_month() -> None:
    months = pd.DataFrame({"year": [2024, 2025, 2026, 2026], "month": [11, 4, 1, 5], "cocoa_usd_per_kg": 2.0})
    rates = pd.DataFrame({"idr_per_usd": [15_000.0, 16_500.0], "source_id": ["a@r:1", "b@r:2"]}, index=[2024, 2026])
    found = nowcast.world_in_rupiah(months.assign(source_id=f"{PRICE};parameter@params:prices.tsp_p2o5_percent"), rates)
    mid_2024, jan_2026 = 2024.5, 2026 + 0.5 / 12
    part = (2025 + 3.5 / 12 - mid_2024) / (jan_2026 - mid_2024)
    expected = [15_000, 15_000 * 1.1**part, 16_500, 16_500]
    assert np.exp(found["log_price"]).tolist() == pytest.approx([2 * rate for rate in expected])
    assert found["source_id"].tolist() == [
        "a@r:1;w@worldbank_prices_monthly:2",
        *["a@r:1;b@r:2;w@worldbank_prices_monthly:2"] * 3,
    ]


def test_a_price_that_stays_is_passed_on_as_it_is_and_a_jump_comes_late_where_months_back_count() -> None:
    still, jump = world([3.0] * 12), world([3.0] * 11 + [6.0])
    for fall in nowcast.FALLS:
        assert np.exp(nowcast.passed_on(still, fall).iloc[-1]) == pytest.approx(45_000)
    last = [float(np.exp(nowcast.passed_on(jump, fall).iloc[-1])) for fall in nowcast.FALLS]
    assert last[0] == pytest.approx(90_000)
    assert last == sorted(last, reverse=True)
    assert nowcast.passed_on(still, 0.5).isna().tolist() == [True] * 6 + [False] * 6


def made_up(seed: int, size: int = 240, passed: float = 0.8, wet: float = 0.3) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Reports of a trade in which prices follow the world price of their month as the test says."""
    rng = np.random.default_rng(seed)
    prices = 3.0 * np.exp(np.cumsum(rng.normal(0, 0.25, 48)))
    table = world(list(prices))
    month = rng.integers(8, 40, size)
    product = rng.choice(["cocoa_dry_unfermented", "cocoa_wet"], size, p=[0.8, 0.2])
    island, page = rng.choice([HOME, SULAWESI], size), rng.integers(0, 60, size)
    logs = np.log(0.65) + np.log(50_000) + passed * (np.log(prices[month] * 15_000) - np.log(50_000))
    logs = logs + np.where(product == "cocoa_wet", np.log(wet), 0.0) + np.where(island == SULAWESI, 0.1, 0.0)
    logs = logs + rng.normal(0, 0.1, 60)[page] + rng.normal(0, 0.15, size)
    rows = pd.DataFrame(
        {
            "month": table.index[month], "product": product, "level": "farm_gate", "island": island, "place": "x",
            "page": [f"page {n}" for n in page], "log_price": logs, "prices": 1, "is_weak": False,
            "source_id": "a@local_prices:2",
        }
    )  # fmt: skip
    return rows, table


def test_a_trade_that_was_made_up_is_found_again() -> None:
    rows, table = made_up(1, 160)
    model = nowcast.learn(rows, table, [table.index[-1]])
    for name, truth in (("pass-through", 0.8), ("cocoa_wet", np.log(0.3))):
        lower, value, upper = model.coefficient(name).interval(0.98)
        assert lower < truth < upper, name
        assert abs(value - truth) < 0.15, name
    assert model.chance_of_falls()[0.0] > 0.9, "prices of the month itself were passed on"
    assert model.spread("page") == pytest.approx(0.1, abs=0.05)
    assert model.spread("error") == pytest.approx(0.15, abs=0.04)
    # The mean over villages of a month that no report is of.
    truth = np.log(0.65) + np.log(50_000) + 0.8 * (table["log_price"].iloc[-1] - np.log(50_000))
    lower, _, upper = model.price(table.index[-1]).interval(0.98)
    assert lower < truth < upper
    one = nowcast.LEVELS[0], table.index[-1]
    asked = pd.Series({"month": one[1], "product": "cocoa_dry_unfermented", "level": one[0], "island": HOME})
    wide = model.report(asked).interval(0.98)
    assert wide[0] < lower, "one report differs more than the mean over villages"
    assert wide[2] > upper


def test_a_page_left_out_is_foretold_as_by_a_model_that_never_heard_it() -> None:
    rows, table = made_up(2, 60)
    model = nowcast.learn(rows, table)
    page = rows["page"].iloc[0]
    others = nowcast.learn(rows[rows["page"] != page], table, rows.loc[rows["page"] == page, "month"])
    for row, off in model.without_page(page):
        ends = np.array(off.interval(0.8)) + rows["log_price"].iloc[row]
        assert ends == pytest.approx(others.report(rows.iloc[row]).interval(0.8), abs=0.02)


def test_a_page_left_out_does_not_tell_how_late_prices_are_passed_on() -> None:
    rows, table = made_up(5, 24)
    # A page of the month after the largest jump, with prices as before it: by itself it says that prices come late.
    after = table["log_price"].diff().abs().iloc[8:40].idxmax()
    before = table["log_price"].iloc[table.index.get_loc(after) - 1]
    late = rows.iloc[:5].assign(
        month=after, product="cocoa_dry_unfermented", island=HOME, page="late",
        log_price=np.log(0.65 * 50_000) + 0.9 * (before - np.log(50_000)),
    )  # fmt: skip
    both = pd.concat([rows, late], ignore_index=True)
    model, others = nowcast.learn(both, table), nowcast.learn(rows, table, [after])
    assert model.chance_of_falls()[0.0] < others.chance_of_falls()[0.0] - 0.1
    for row, off in model.without_page("late"):
        ends = np.array(off.interval(0.8)) + both["log_price"].iloc[row]
        assert ends == pytest.approx(others.report(both.iloc[row]).interval(0.8), abs=0.02)


@settings(max_examples=2, deadline=None)
@given(st.floats(-1, 1))
def test_forward_no_report_is_foretold_from_its_own_month_or_later(moved: float) -> None:
    rows, table = made_up(3, 24)
    month = sorted(set(rows["month"]))[-4]
    later = rows.assign(log_price=rows["log_price"] + moved * (rows["month"] >= month))
    forecasts = []
    for heard in (rows, later):
        known = heard[heard["month"] <= month]
        told = nowcast.foretold(known, table, nowcast.learn(known, table))
        part = told[(told["test"] == "forward") & (told["month"] == month)]
        forecasts.append(part[["lower", "value", "upper", "by_share", "by_last"]].to_numpy(float))
    np.testing.assert_array_equal(*forecasts)


def test_naive_rules_look_at_plain_beans_at_the_farm_gate() -> None:
    table = world([2.0, 4.0, 4.0, 8.0])
    index = table.index
    others = pd.DataFrame(
        {
            "month": [index[0], index[1], index[1], index[1]],
            "product": [
                "cocoa_dry_unfermented",
                "cocoa_dry_not_stated",
                "cocoa_dry_fermented",
                "cocoa_dry_unfermented",
            ],
            "level": ["farm_gate", "farm_gate", "farm_gate", "trader"],
            "log_price": np.log([15_000.0, 60_000.0, 1.0, 1.0]),
        }
    )
    share, last = nowcast.naive(pd.Series({"month": index[3]}), others, table)
    # Half and the whole of the world price: their middle on the log is 0.7071.
    assert np.exp(share) == pytest.approx(120_000 * 0.5**0.5)
    assert np.exp(last) == pytest.approx(60_000)
    assert np.isnan(nowcast.naive(pd.Series({"month": index[0]}), others, table)[1])


def test_a_report_without_a_world_price_is_named() -> None:
    rows, table = made_up(4, 20)
    rows.loc[rows.index[0], "month"] = "2031-02"
    with pytest.raises(ValueError, match="reports of 2031-02 have no world price"):
        nowcast.learn(rows, table)


def test_scores_are_shares_and_means_of_what_all_rules_speak_of() -> None:
    told = pd.DataFrame(
        {
            "test": "page", "log_price": [1.0, 2.0, 3.0], "is_inside": [True, True, False],
            "value": [1.1, 2.0, 9.0], "by_share": [1.5, 2.5, 3.0], "by_last": [1.0, 1.0, np.nan],
        }
    )  # fmt: skip
    [score] = nowcast.scores(told).to_dict("records")
    assert (score["reports"], score["compared"]) == (3, 2)
    assert [score[name] for name in ("inside", "value", "by_share", "by_last")] == pytest.approx(
        [2 / 3, 0.05, 0.5, 0.5]
    )


def test_the_figure_shows_plain_beans_at_the_farm_gate_alone() -> None:
    rows, _ = made_up(5, 30)
    months = pd.DataFrame({"month": ["2023-09"], "lower": [1e4], "value": [2e4], "upper": [3e4]})
    drawn = charts.bean_rows(months, rows)
    model = drawn[drawn["kind"] == "model"].iloc[0]
    assert model[["date", "value"]].tolist() == pytest.approx([2023 + 8.5 / 12, 20.0])
    plain = rows[(rows["product"] == "cocoa_dry_unfermented") & (rows["month"] >= "2023-09")]
    shown = drawn.loc[drawn["kind"] == "report", "value"]
    assert sorted(shown) == pytest.approx(sorted(np.exp(plain["log_price"]) / 1000))
