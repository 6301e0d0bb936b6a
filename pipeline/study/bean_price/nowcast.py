"""What growers are paid for beans in a month: world prices passed on, learned from reports of the trade.

The model is that of ``docs/decisions/11-price-of-beans.md``. A month is written as 2026-01; prices are logs of Rp/kg.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from pipeline.kit.bayes.linear_normal import Block, Posterior, fit, fixed_effects, groups, membership
from pipeline.kit.bayes.mixture import Mixture, Spread, half_normal_even
from pipeline.kit.data.citations import join, of_tables, source_of, split_lists
from pipeline.study.names import PLAIN_BEANS

UNFERMENTED, NOT_STATED = PLAIN_BEANS
FERMENTED, WET = "cocoa_dry_fermented", "cocoa_wet"
PRODUCTS = (UNFERMENTED, NOT_STATED, FERMENTED, WET)
LEVELS = ("farm_gate", "collector", "trader")
# Groups of places; the two of East Kalimantan are one.
HOME = "east_kalimantan"
ISLANDS = {"kutai_timur": HOME, "east_kalimantan": HOME}
ISLAND_NAMES = (HOME, "north_kalimantan", "sulawesi", "other_indonesia", "indonesia")
RAW_WORLD = "worldbank_prices_monthly"
# A report of a longer time tells of no month, in years.
LONGEST = 4 / 12 + 0.01
# World price in Rp/kg at which the share is told.
AT = np.log(50_000.0)
# Priors: mean and standard deviation of the log.
SHARE, PASS_THROUGH = (np.log(0.7), 0.2), (1.0, 0.2)
OF_PRODUCT = {NOT_STATED: (0.0, 0.05), FERMENTED: (0.15, 0.15), WET: (np.log(1 / 3), 0.25)}
OF_LEVEL = {"collector": (0.06, 0.06), "trader": (0.15, 0.1)}
ISLAND_SD = 0.15
SCALES = {"month": 0.2, "page": 0.2, "error": 0.2}
# Points of each spread at the first and at the second look.
COARSE = [half_normal_even(name, scale, 6) for name, scale in SCALES.items()]
CLOSE = 9
# A falling factor and a step whose log weight is so far below the most likely are not looked at closely.
UNLIKELY = 7.0
WEAK = 2.0
# How much less each month back counts of the world price, and how much of a month's own move is left after a month.
FALLS, STEPS = (0.0, 0.3, 0.5, 0.7, 0.85), (0.5, 0.8, 0.95)
MONTHS_BACK = 7


def reports(prices: pd.DataFrame) -> pd.DataFrame:
    """One row per report of beans: what one page says of one product, place, market level and time.

    ``prices`` is the clean table of local prices. Columns: ``month``, ``product``, ``level``, ``island``, ``place``,
    ``page`` (its source), ``log_price`` (mean of the logs of what it prints), ``prices`` (how many), ``is_weak``,
    ``source_id``. Left out are reports of more than four months, those that are not plausible, and what another
    page says of the same statement.
    """
    beans = prices[prices["item"].isin(PRODUCTS) & prices["market"].isin(LEVELS)]
    first, last = (
        beans[name].fillna(beans[other]) for name, other in (("date_from", "date_to"), ("date_to", "date_from"))
    )
    long = last.map(_end) - first.map(_start) > LONGEST
    beans = beans[~long & ~beans["warnings"].fillna("").str.contains("implausible|same_data")]
    beans = beans.assign(
        month=[month_of(*ends) for ends in zip(first[beans.index], last[beans.index], strict=True)],
        product=beans["item"],
        level=beans["market"],
        island=beans["region_group"].replace(ISLANDS),
        page=beans["source_id"].map(source_of),
        log_price=np.log(beans["price_idr_per_kg"]),
        is_weak=beans["warnings"].fillna("").str.contains("low_confidence"),
    )
    keys = ["month", "date_from", "product", "level", "island", "place", "page"]
    found = beans.groupby(keys, sort=True, dropna=False, as_index=False).agg(
        log_price=("log_price", "mean"),
        prices=("log_price", "size"),
        is_weak=("is_weak", "any"),
        source_id=("source_id", lambda cited: join(*cited)),
    )
    return found.drop(columns="date_from")


def _start(date: str) -> float:
    year, month, day = ([int(part) for part in date.split("-")] + [1, 1])[:3]
    return year + (month - 1) / 12 + (day - 1) / 365


def _end(date: str) -> float:
    return _start(date) + {1: 1.0, 2: 1 / 12, 3: 1 / 365}[len(date.split("-"))]


def month_of(first: str, last: str) -> str:
    """The month in the middle of a time, from one date to another, each a year, a month or a day."""
    ends = [int(date[:4]) * 12 + int(date[5:7] or empty) - 1 for date, empty in ((first, "1"), (last, "12"))]
    return f"{sum(ends) // 2 // 12}-{sum(ends) // 2 % 12 + 1:02d}"


def months(first: str, last: str) -> list[str]:
    """All months from one to another."""
    return [str(month) for month in pd.period_range(first, last, freq="M")]


def world_in_rupiah(world: pd.DataFrame, rates: pd.DataFrame) -> pd.DataFrame:
    """World price of cocoa by month: ``log_price`` (log Rp/kg) and ``source_id``; index ``month``.

    ``world`` is the clean table of world prices, ``rates`` are those of ``prices_now.exchange_rates``: means of years,
    and one of the last month. Between the last mean and that month the log of the rate goes in a straight line.
    """
    index = [f"{year:.0f}-{month:02.0f}" for year, month in zip(world["year"], world["month"], strict=True)]
    moment = world["year"] + (world["month"] - 0.5) / 12
    logs = np.log(rates["idr_per_usd"].to_numpy(float))
    means, last = rates.index[:-1], rates.index[-1]
    rate = pd.Series(np.interp(moment, [means[-1] + 0.5, last + 1 / 24], logs[-2:]), world.index)
    of_year = world["year"].map(dict(zip(means, logs[:-1], strict=True)))
    # What fertilizers hold is in the clean table, too, and moves no price of cocoa.
    own = [join(*of_tables([cited], RAW_WORLD)) for cited in world["source_id"]]
    cited = {year: rates.at[year, "source_id"] for year in means}
    between = join(*rates["source_id"].iloc[-2:])
    found = pd.DataFrame(
        {
            "log_price": np.log(world["cocoa_usd_per_kg"]) + of_year.fillna(rate),
            "source_id": [
                join(price, cited.get(year, between)) for price, year in zip(own, world["year"], strict=True)
            ],
        }
    )
    return found.set_axis(pd.Index(index, name="month")).dropna(subset="log_price")


def with_world_price(rows: pd.DataFrame, world: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The ``reports`` that the model can hear, and those of months before or after the world prices at hand."""
    is_known = rows["month"].isin(world.index[MONTHS_BACK - 1 :])
    return rows[is_known].reset_index(drop=True), rows[~is_known].reset_index(drop=True)


def passed_on(world: pd.DataFrame, fall: float) -> pd.Series:
    """Log of the mean world price of a month and the six before, each month back counting less by ``fall``."""
    weight = fall ** np.arange(MONTHS_BACK)
    price = np.exp(world["log_price"])
    parts = [share * price.shift(back) for back, share in enumerate(weight / weight.sum())]
    return np.log(sum(parts[1:], parts[0]))


@dataclass(frozen=True)
class Nowcast:
    """Posterior under every ``fall`` and ``step``, with the log weight of each, and the world prices that it takes.

    ``rows`` are the reports that it heard; ``span`` are their months, and those that may be asked for.
    """

    rows: pd.DataFrame
    span: tuple[str, ...]
    fits: tuple[tuple[float, float, Posterior], ...]
    share: np.ndarray
    world: dict[float, pd.Series]

    def price(self, month: str, product: str = UNFERMENTED, island: str = HOME) -> Mixture:
        """Log price at the farm gate in a month: the mean over the places of an island."""
        return self._sum(month, {f"island:{island}": 1.0, **({product: 1.0} if product != UNFERMENTED else {})}, ())

    def report(self, report: pd.Series) -> Mixture:
        """Log price that a new page would print where a ``report`` is from: its month, product, level and island."""
        of = {report[name]: 1.0 for name in ("product", "level") if report[name] not in (UNFERMENTED, "farm_gate")}
        return self._sum(report["month"], of | {f"island:{report['island']}": 1.0}, ("page", "error"))

    def _sum(self, month: str, of: dict[str, float], new: tuple[str, ...]) -> Mixture:
        parts = []
        for fall, step, posterior in self.fits:
            line = _moves(self.span, step)[self.span.index(month)]
            moves = {f"month:{name}": float(value) for name, value in zip(self.span, line, strict=True) if value}
            common = {"share": 1.0, "pass-through": self.world[fall][month] - AT}
            parts.append(posterior.combination(common | of | moves, new))
        told = _mixed(parts, self.share)
        return Mixture(told.weight, told.mean + AT, told.sd)

    def coefficient(self, name: str) -> Mixture:
        """Posterior of one coefficient: ``pass-through``, ``share``, a product or a level."""
        return _mixed([posterior.combination({name: 1.0}) for *_, posterior in self.fits], self.share)

    def spread(self, name: str) -> float:
        """Posterior mean of a standard deviation: ``month``, ``page`` or ``error``."""
        means = [posterior.weight @ posterior.spreads[name] for *_, posterior in self.fits]
        return float(self.share @ means)

    def chance_of_falls(self) -> dict[float, float]:
        """How likely each falling factor of the world price is."""
        of = np.array([fall for fall, *_ in self.fits])
        return {fall: float(self.share[of == fall].sum()) for fall in FALLS}

    def without_page(self, page: str) -> list[tuple[int, Mixture]]:
        """Each report of a page as all other pages foretell it: its row, and the log price less what it says."""
        rows = np.flatnonzero(self.rows["page"] == page)
        told = [posterior.left_out(rows) for *_, posterior in self.fits]
        lighter = np.array([log_share for *_, log_share in told])
        share = self.share * np.exp(lighter - lighter.max())
        return [
            (int(row), _mixed([Mixture(weight, -off[:, place], sd[:, place]) for weight, off, sd, _ in told], share))
            for place, row in enumerate(rows)
        ]


def _mixed(parts: list[Mixture], share: np.ndarray) -> Mixture:
    weight = np.concatenate([own * part.weight for own, part in zip(share, parts, strict=True)])
    mean, sd = (np.concatenate([getattr(part, name) for part in parts]) for name in ("mean", "sd"))
    return Mixture(weight / weight.sum(), mean, sd)


def _moves(span: tuple[str, ...], step: float) -> np.ndarray:
    """Lower triangle that turns independent normals into what moves each month, of variance one, (months, months)."""
    number = np.array([12 * int(month[:4]) + int(month[5:]) for month in span])
    return np.linalg.cholesky(step ** np.abs(np.subtract.outer(number, number)))


def learn(rows: pd.DataFrame, world: pd.DataFrame, asked: Iterable[str] = (), points: int = CLOSE) -> Nowcast:
    """The model fitted to ``reports``; the months of these may be asked for, and those that are ``asked``.

    ``points`` are those of each spread at the second look, ``world`` is that of ``world_in_rupiah``. Raises
    ``ValueError`` for a report without a world price of its month.
    """
    prices = {fall: passed_on(world, fall) for fall in FALLS}
    if missing := sorted(set(rows["month"]) - set(prices[0.0].dropna().index)):
        raise ValueError(f"reports of {', '.join(missing)} have no world price of cocoa in rupiah")
    reported = sorted(set(rows["month"]))
    span = (*reported, *(month for month in asked if month not in reported))
    pairs = [(fall, step) for fall in FALLS for step in STEPS]
    # The reports tell the spreads well: a first look says where, a second one looks there closely.
    looked = [_fit(rows, prices[fall], tuple(reported), step, COARSE) for fall, step in pairs]
    close = [_closer(spread, looked, points) for spread in COARSE]
    most = max(posterior.log_evidence for posterior in looked)
    likely = [pair for pair, posterior in zip(pairs, looked, strict=True) if posterior.log_evidence > most - UNLIKELY]
    fits = [(fall, step, _fit(rows, prices[fall], span, step, close)) for fall, step in likely]
    log_weight = np.array([posterior.log_evidence for *_, posterior in fits])
    share = np.exp(log_weight - log_weight.max())
    return Nowcast(rows, span, tuple(fits), share / share.sum(), prices)


def _closer(coarse: Spread, looked: list[Posterior], points: int) -> Spread:
    """A spread on so many closer points, about those that some posterior has kept of a coarse one."""
    kept = np.concatenate([posterior.spreads[coarse.name] for posterior in looked])
    step = coarse.values[1] - coarse.values[0]
    low, high = max(0.0, kept.min() - step), kept.max() + step
    values = low + (high - low) * (np.arange(points) + 0.5) / points
    density = np.exp(-0.5 * (values / SCALES[coarse.name]) ** 2)
    return Spread(coarse.name, values, density / density.sum())


def _fit(rows: pd.DataFrame, world: pd.Series, span: tuple[str, ...], step: float, spreads: list[Spread]) -> Posterior:
    errors = np.where(rows["is_weak"], WEAK, 1.0)
    is_error = {"error": np.ones(len(rows), dtype=bool)}
    return fit(rows["log_price"].to_numpy() - AT, errors, _blocks(rows, world, span, step), spreads, is_error)


def _blocks(rows: pd.DataFrame, world: pd.Series, span: tuple[str, ...], step: float) -> list[Block]:
    """Coefficients of the model."""
    above = world[rows["month"]].to_numpy() - AT
    common = {"share": (np.ones(len(rows)), SHARE), "pass-through": (above, PASS_THROUGH)}
    common |= {name: ((rows["product"] == name).to_numpy(float), prior) for name, prior in OF_PRODUCT.items()}
    common |= {name: ((rows["level"] == name).to_numpy(float), prior) for name, prior in OF_LEVEL.items()}
    means, sds = zip(*(prior for _, prior in common.values()), strict=True)
    zero = np.zeros(len(ISLAND_NAMES))
    moves = membership(rows["month"].tolist(), span) @ _moves(span, step)
    return [
        fixed_effects(tuple(common), np.column_stack([column for column, _ in common.values()]), means, sds),
        # One of which nothing was heard is foretold as one more of them.
        Block(
            tuple(f"island:{name}" for name in ISLAND_NAMES), membership(rows["island"].tolist(), ISLAND_NAMES), zero,
            zero + ISLAND_SD,
        ),
        Block(tuple(f"month:{name}" for name in span), moves, np.zeros(len(span)), np.ones(len(span)), "month"),
        groups("page", rows["page"].tolist(), "page"),
    ]  # fmt: skip


# Since when reports are foretold from those of earlier months, and on how many points of each spread.
FORWARD_SINCE, POINTS_OF_TESTS = "2023-01", 6
LEVEL = 0.8
RULES = ("value", "by_share", "by_last")


def foretold(rows: pd.DataFrame, world: pd.DataFrame, nowcast: Nowcast) -> pd.DataFrame:
    """Every report as it is foretold without it; logs of Rp/kg.

    Columns: ``test`` (its ``page`` left out, its ``island``, or all of its month and later: ``forward``), those of
    ``reports``, ``lower``, ``value``, ``upper`` (80 %), ``is_inside``, and for plain beans at the farm gate what naive
    rules say: ``by_share`` of the world price, ``by_last`` report. ``nowcast`` is the model fitted to all ``rows``.
    """
    found = []
    for page in sorted(set(rows["page"])):
        others = rows[rows["page"] != page]
        for row, off in nowcast.without_page(page):
            report = rows.iloc[row]
            ends = [end + report["log_price"] for end in off.interval(LEVEL)]
            found.append(_told("page", report, ends, others, world))
    for island in sorted(set(rows["island"])):
        found += _refitted("island", rows[rows["island"] == island], rows[rows["island"] != island], world)
    for month in sorted(set(rows.loc[rows["month"] >= FORWARD_SINCE, "month"])):
        found += _refitted("forward", rows[rows["month"] == month], rows[rows["month"] < month], world)
    return pd.DataFrame(found)


def _refitted(test: str, left_out: pd.DataFrame, others: pd.DataFrame, world: pd.DataFrame) -> list[dict[str, Any]]:
    nowcast = learn(others, world, sorted(set(left_out["month"])), POINTS_OF_TESTS)
    return [
        _told(test, report, nowcast.report(report).interval(LEVEL), others, world) for _, report in left_out.iterrows()
    ]


def _told(
    test: str, report: pd.Series, ends: Iterable[float], others: pd.DataFrame, world: pd.DataFrame
) -> dict[str, Any]:
    lower, value, upper = ends
    is_plain = report["product"] in PLAIN_BEANS and report["level"] == LEVELS[0]
    share, last = naive(report, others, world) if is_plain else (np.nan, np.nan)
    own = {"lower": lower, "value": value, "upper": upper, "is_inside": bool(lower <= report["log_price"] <= upper)}
    return {"test": test, **report.drop("source_id"), **own, "by_share": share, "by_last": last}


def naive(report: pd.Series, others: pd.DataFrame, world: pd.DataFrame) -> tuple[float, float]:
    """What two rules say of a report's log price: the mean share of the world price, and the last report before it.

    Both look at ``others`` of plain beans at the farm gate; the second is missing where none is earlier.
    """
    heard = plain(others)
    share = (heard["log_price"] - heard["month"].map(world["log_price"])).mean()
    before = heard[heard["month"] < report["month"]]
    last = before.loc[before["month"] == before["month"].max(), "log_price"].mean()
    return float(share + world["log_price"][report["month"]]), float(last)


def scores(told: pd.DataFrame) -> pd.DataFrame:
    """How good the forecasts of ``foretold`` are, by ``test``.

    Columns: ``reports``, ``inside`` (share of them in the 80 % interval), ``compared`` (those that all rules speak of),
    and the mean absolute error of the log of these by each of ``RULES``.
    """
    rows = []
    for test, part in told.groupby("test", sort=False):
        compared = part.dropna(subset=list(RULES))
        errors = {rule: float((compared[rule] - compared["log_price"]).abs().mean()) for rule in RULES}
        rows.append(
            {
                "test": test,
                "reports": len(part),
                "inside": part["is_inside"].mean(),
                "compared": len(compared),
                **errors,
            }
        )
    return pd.DataFrame(rows)


def in_rupiah(told: pd.DataFrame) -> pd.DataFrame:
    """The table of ``foretold`` in Rp/kg: ``price``, its forecast and interval, and what the naive rules say."""
    logs = ["log_price", "lower", "value", "upper", "by_share", "by_last"]
    return told.assign(**{name: np.exp(told[name]) for name in logs}).rename(columns={"log_price": "price"})


def by_month(nowcast: Nowcast, names: Iterable[str], level: float) -> pd.DataFrame:
    """What villages of East Kalimantan were paid for unfermented dry beans: ``month``, ``lower``, ``value``, ``upper``
    (Rp/kg)."""
    ends = [(month, *np.exp(nowcast.price(month).interval(level))) for month in names]
    return pd.DataFrame(ends, columns=["month", "lower", "value", "upper"])


def plain(rows: pd.DataFrame) -> pd.DataFrame:
    """Reports of beans at the farm gate that are not said to be fermented: those that naive rules look at."""
    return rows[rows["product"].isin(PLAIN_BEANS) & (rows["level"] == LEVELS[0])]


def rests_on(
    rows: pd.DataFrame, world: pd.DataFrame, asked: Iterable[str] = (), months_back: int = MONTHS_BACK
) -> tuple[str, ...]:
    """What the model cites: its reports, and world prices and exchange rates of their months and of those asked for."""
    wanted = sorted({*rows["month"], *asked})
    places = np.unique([world.index.get_loc(month) - back for month in wanted for back in range(months_back)])
    return tuple(sorted(split_lists([*rows["source_id"], *world["source_id"].iloc[places]])))
