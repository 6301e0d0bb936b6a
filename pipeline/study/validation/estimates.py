"""Published estimates of 11_validation: how often intervals hold and how good forecasts are."""

import numpy as np
import pandas as pd

from pipeline.kit.data.citations import join
from pipeline.kit.language import Text, read_texts
from pipeline.kit.publish.estimates import COUNT, LARGEST, MEAN, SHARE_OF_CASES, Estimate, split_sources
from pipeline.kit.publish.keys import Key
from pipeline.study.names import POOLED_MEASURES
from pipeline.study.price_response.estimates import CHANGES
from pipeline.study.validation.calibration import Coverage, coverage

TEXTS = read_texts(__file__)
LEVELS = (0.5, 0.8, 0.95)
# Coverage of 80 % intervals is called good inside this band.
BAND = (0.7, 0.9)
INTERVAL = 0.9
# What lies inside the intervals, by what was tested: every measure in every simulated set of studies, or a study.
TRUTHS = {
    "simulated_mean": "simulated means over places, one of each measure in each simulated set of studies,",
    "simulated_new": "simulated effects in a new place, one of each measure in each simulated set of studies,",
    "studies": "effects of studies left out, one of each study and measure,",
}


def coverage_estimates(tested: str, positions: pd.Series, method: str, sources: tuple[str, ...]) -> list[Estimate]:
    """Share of truths inside 50, 80 and 95 % intervals, with the uncertainty that their number leaves."""
    found = []
    for level in LEVELS:
        result = coverage(positions, level)
        lower, upper = min(result.lower, result.share), max(result.upper, result.share)
        found.append(
            Estimate(
                Key("coverage", (tested, str(round(level * 100)))), result.share * 100, "%",
                f"{TRUTHS[tested]} inside {level * 100:g} % intervals", method, sources, result.n,
                "effects" if tested == "studies" else "simulated effects",
                lower=lower * 100, upper=upper * 100, level=INTERVAL, headline=True,
                value_is=SHARE_OF_CASES,
            )
        )  # fmt: skip
    return found


def forecast_estimates(left_out: pd.DataFrame, sources: tuple[str, ...]) -> list[Estimate]:
    """Mean scores of the forecasts of effects left out, one for each study and measure, and of two naive ones, and how
    many fall outside 80 %.
    """
    method, n = "programmes of studies left out one at a time", (len(left_out), "effects")
    outside = int((~left_out["position"].between(0.1, 0.9)).sum())
    whose = {"": "", "_naive": " of a forecast that knows no measures", "_prior": " of the prior alone"}
    what = {"crps": "CRPS, smaller is better", "log_score": "log score, larger is better"}
    scores = [
        Estimate(
            Key("forecast", (), f"{score}{who}"), float(left_out[f"{score}{who}"].mean()), "log ratio",
            f"mean {basis}{said}", method, sources, *n, headline=not who, value_is=MEAN,
        )
        for score, basis in what.items()
        for who, said in whose.items()
    ]  # fmt: skip
    return [
        *scores,
        Estimate(
            Key("forecast", (), "outside"),
            outside,
            "effects",
            "effects that studies left out found, outside their 80 % interval",
            method,
            sources,
            *n,
            value_is=COUNT,
        ),
        Estimate(
            Key("forecast", (), "effects"),
            len(left_out),
            "effects",
            "found by studies left out",
            method,
            sources,
            *n,
            value_is=COUNT,
        ),
    ]


def check_estimates(checks: pd.DataFrame) -> list[Estimate]:
    """How many published results were found again; ``checks`` has ``passed`` and ``source_id``."""
    sources = split_sources(checks["source_id"])
    method = "published results computed again"
    return [
        Estimate(
            Key("engine", (), "passed"),
            int(checks["passed"].sum()),
            "results",
            "found again",
            method,
            sources,
            len(checks),
            "results",
            value_is=COUNT,
        ),
        Estimate(
            Key("engine", (), "checked"),
            len(checks),
            "results",
            "checked",
            method,
            sources,
            len(checks),
            "results",
            headline=True,
            value_is=COUNT,
        ),
    ]


def prior_estimates(sensitivity: pd.DataFrame, sources: tuple[str, ...]) -> list[Estimate]:
    """Largest move of the middle of an effect under other priors, in per cent of the width of its interval."""
    base = sensitivity[sensitivity["variant"] == "all"].set_index("measure")
    others = sensitivity[sensitivity["variant"].isin(["wider priors", "spreads half as wide", "spreads twice as wide"])]
    known = others[others["studies"] > 0].set_index("measure")
    # On the log scale, as the intervals are made.
    middle, own = np.log1p(known["value"] / 100), np.log1p(base.loc[known.index, "value"] / 100)
    width = np.log1p(base["upper"] / 100) - np.log1p(base["lower"] / 100)
    moved = float(((middle - own).abs() / width.loc[known.index]).max() * 100)
    basis = "of the width of the interval"
    return [
        Estimate(
            Key("priors", (), "moved"),
            moved,
            "%",
            basis,
            "priors and spreads halved or doubled",
            sources,
            len(known),
            "variants",
            value_is=LARGEST,
        )
    ]


def against_naive(left_out: pd.DataFrame) -> Text:
    """One sentence: whether knowing the measure foretells better than not knowing it, by each of two scores."""
    better = [
        left_out["log_score"].mean() > left_out["log_score_naive"].mean(),
        left_out["crps"].mean() < left_out["crps_naive"].mean(),
    ]
    rest = left_out.reset_index(drop=True).drop(int(left_out["log_score_naive"].to_numpy().argmin()))
    holds = better[0] and rest["log_score"].mean() > rest["log_score_naive"].mean()
    name = "holds" if all(better) and holds else "by_one_study" if better[0] and not holds else "mixed"
    return TEXTS.group("against_naive")[name]


def verdict(studies: Coverage, left_out: pd.DataFrame) -> Text:
    """One sentence: whether the coverage of 80 % intervals lies in its band, and if not, what falls outside."""
    said, (low, high) = TEXTS.group("verdict"), (f"{100 * bound:g}" for bound in BAND)
    if BAND[0] <= studies.share <= BAND[1]:
        return said["good"].fill(low=low, high=high)
    outside = left_out.loc[~left_out["position"].between(0.1, 0.9), "measure"].value_counts()
    signs = left_out.groupby("measure")["log_ratio"].agg(lambda found: found.min() < 0 < found.max())
    fell = [_lowered(POOLED_MEASURES[measure], f" ({count})") for measure, count in outside.items()]
    split = [_lowered(POOLED_MEASURES[measure]) for measure in signs.index[signs]]
    return said["bad"].fill(
        low=low,
        high=high,
        outside=_listed(fell),
        most=int(left_out["others"].max()),
        split=_listed(split) if split else said["none"],
    )


def _listed(names: list[Text]) -> Text:
    return Text(", ".join(name.en for name in names), ", ".join(name.id for name in names))


def _lowered(name: Text, after: str = "") -> Text:
    return Text(*(f"{said[0].lower()}{said[1:]}{after}" for said in (name.en, name.id)))


def coverage_rows(estimates: list[Estimate]) -> pd.DataFrame:
    """Coverages to draw, in per cent: ``name``, ``nominal``, ``lower``, ``value``, ``upper``, and what each cites."""
    rows = [
        (e.key.case[0], float(e.key.case[1]), e.lower, e.value, e.upper, join(*e.sources))
        for e in estimates
        if e.key.topic == "coverage"
    ]
    return pd.DataFrame(rows, columns=["name", "nominal", "lower", "value", "upper", "source_id"])


def all_checks(meta_analyses: pd.DataFrame, optima: pd.DataFrame) -> pd.DataFrame:
    """Every published result in one table: ``name``, ``published``, ``computed``, ``passed``, ``source_id``."""
    name = meta_analyses["dataset"] + ", " + meta_analyses["method"] + ", " + meta_analyses["quantity"]
    first = meta_analyses.assign(name=name).rename(columns={"value": "published"})
    columns = ["name", "published", "computed", "passed", "source_id"]
    return pd.concat([first[columns], optima[columns]], ignore_index=True)


def country_coverage(numbers: dict[str, Estimate]) -> list[Estimate]:
    """Coverage of the forecasts of countries left out of the price panel, as 08_model_price_response publishes it."""
    found = []
    for level in ("80", "95"):
        e = numbers[f"price_skill.coverage_{level}"]
        key = Key("coverage", ("countries", level))
        basis = f"{CHANGES} inside {level} % intervals"
        found.append(
            Estimate(
                key, e.value * 100, "%", basis, e.method, e.sources, e.n, e.n_of, headline=True, value_is=e.value_is
            )
        )
    return found
