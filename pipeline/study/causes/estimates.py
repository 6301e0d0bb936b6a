"""Published estimates of the attribution: kg/ha per cause, what is not explained, and which comes first."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from pipeline.kit.language import LANGUAGES, Text
from pipeline.kit.publish.estimates import MEDIAN, SHARE, Estimate, cited, from_draws
from pipeline.kit.publish.keys import Key
from pipeline.study.causes.attribution import CAUSES as MODEL_CAUSES
from pipeline.study.causes.attribution import chances_to_be_largest
from pipeline.study.names import CAUSES, LEAST_STEPS
from pipeline.study.prices.scope import HECTARE

# What each number of a cause says, and what it leaves out.
SCOPES = {
    "fertilizer": "full dose of mineral fertilizer not used; no price is in it",
    "pod_borer": "pod borer (PBK) alone, as far as sleeves remove it",
    "pod_borer_and_black_pod": "pod borer as far as sleeves, black pod as far as removing diseased pods removes it",
    "technique": "pruning not done; one study, in West Africa",
    "knowledge": "no field school, as far as it works through the other three",
    "unexplained": "gap less the four causes",
    "gap": "attainable less present yield",
}


def ranked_causes(certainties: pd.DataFrame, measures: dict[str, str]) -> tuple[str, ...]:
    """The causes that may be ranked: those whose evidence is more than very low.

    ``certainties`` are those of the syntheses, of yield and of attack; ``measures`` the kind of measure by cause.
    """
    steps = certainties.set_index("measure")["steps"]
    return tuple(cause for cause in MODEL_CAUSES if steps[measures[cause]] >= LEAST_STEPS)


# How the two numbers come about that are no share of a cause.
METHODS = {"gap": "attainable less present yield", "unexplained": "gap less what the four causes hold back"}


def cause_estimates(
    shares: dict[str, np.ndarray],
    with_black_pod: pd.Series,
    gap: np.ndarray,
    ranked: tuple[str, ...],
    cites: dict[str, tuple[str, ...]],
    level: float,
    seed: int,
) -> list[Estimate]:
    """One estimate per cause, the unexplained part, the gap, and the chance of each ranked cause to come first.

    ``shares`` and ``gap`` (kg/ha) are draws; ``with_black_pod`` has ``lower``, ``value`` and ``upper`` of the pests
    when black pod is removed too; ``cites`` is what the ``shares``, the ``gap`` and ``black_pod`` cite: what a cause
    holds back depends on what the others do, so all of them cite the same.
    """
    rests_on = {"gap": cites["gap"], "unexplained": (*cites["shares"], *cites["gap"])}
    parts = {**shares, "unexplained": gap - sum(shares.values()), "gap": gap}
    found = [
        from_draws(
            Key("cause", (name,)),
            draws,
            level,
            unit="kg/ha",
            basis=f"{HECTARE}: {SCOPES[name]}",
            method=METHODS.get(name, "Shapley value over four causes"),
            **cited(rests_on.get(name, cites["shares"]), seed),
            headline=True,
        )
        for name, draws in parts.items()
    ]
    with_pods = (*cites["shares"], *cites["black_pod"])
    found.append(_beside_the_headline(with_black_pod, with_pods, level, seed))
    return found + _chances_to_come_first(shares, ranked, cites["shares"], seed)


def _beside_the_headline(row: pd.Series, cites: tuple[str, ...], level: float, seed: int) -> Estimate:
    name = "pod_borer_and_black_pod"
    return Estimate(
        key=Key("cause", (name,)),
        value=float(row["value"]),
        unit="kg/ha",
        basis=f"{HECTARE}: {SCOPES[name]}",
        method="Shapley value over four causes, black pod added to the pod borer",
        lower=float(row["lower"]),
        upper=float(row["upper"]),
        level=level,
        headline=True,
        value_is=MEDIAN,
        **cited(cites, seed),
    )


def _chances_to_come_first(
    shares: dict[str, np.ndarray], ranked: tuple[str, ...], cites: tuple[str, ...], seed: int
) -> list[Estimate]:
    chances = chances_to_be_largest({cause: shares[cause] for cause in ranked})
    method = "share of draws, ties split"
    return [
        Estimate(
            Key("first", (name,)),
            chance,
            "1",
            f"probability of holding back most among causes whose evidence is more than very low: {SCOPES[name]}",
            method,
            value_is=SHARE,
            **cited(cites, seed),
        )
        for name, chance in chances.items()
    ]


def by_chance(shares: dict[str, np.ndarray], estimates: list[Estimate]) -> dict[str, np.ndarray]:
    """The causes in the one order in which text and figures name them: most likely first, those not ranked last."""
    order = [cause.key for cause in ranked_names(estimates)]
    return {name: shares[name] for name in [*order, *(name for name in shares if name not in order)]}


def interval_rows(estimates: list[Estimate], order: list[str]) -> pd.DataFrame:
    """Rows to draw in the given order of causes, with black pod below the pod borer, then what is left and the gap."""
    by_key = {estimate.key: estimate for estimate in estimates}
    names = [*order, "unexplained", "gap"]
    names.insert(names.index("pod_borer") + 1, "pod_borer_and_black_pod")
    chosen = [(name, by_key[Key("cause", (name,))]) for name in names]
    rows = [(name, e.lower, e.value, e.upper, ";".join(e.sources)) for name, e in chosen]
    return pd.DataFrame(rows, columns=["name", "lower", "value", "upper", "source_id"])


@dataclass(frozen=True)
class Named(Text):
    """The name of a cause or measure as it stands within a sentence, and its key."""

    key: str


def named(key: str, name: Text) -> Named:
    """The name for use within a sentence: its first letter is lowered."""
    return Named(_lowered(name.en), _lowered(name.id), key)


def _lowered(text: str) -> str:
    """The first letter lowered, unless it begins an abbreviation (PBK)."""
    return text if text[:2].isupper() else text[0].lower() + text[1:]


def ranked_names(estimates: list[Estimate]) -> list[Named]:
    """The ranked causes, the one that most often holds back most first."""
    chances = {e.key.case[0]: e.value for e in estimates if e.key.topic == "first"}
    return [named(cause, CAUSES[cause]) for cause in sorted(chances, key=lambda cause: -chances[cause])]


def order_words(estimates: list[Estimate]) -> Text:
    """Words for which cause may hold back most, each with its chance: a tie is said to be one."""
    names = ranked_names(estimates)
    said = [
        ", ".join(f"{name.in_language(language)} ({{first.{name.key}:percent}})" for name in names)
        for language in LANGUAGES
    ]
    return Text(
        f"Which of the ranked causes holds back most cannot be said; the chances are: {said[0]}",
        f"Mana dari penyebab berperingkat yang paling menahan hasil belum dapat dikatakan; peluangnya: {said[1]}",
    )
