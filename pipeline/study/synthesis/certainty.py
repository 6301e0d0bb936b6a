"""How sure the evidence on each measure is, after GRADE, by the rules of ``docs/decisions/9-evidence-model.md``.

A rule looks at what is coded and at the posterior, never at a wish: who disagrees changes a rule, not a grade.
"""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from pipeline.kit.data.citations import OWN, join
from pipeline.kit.language import LANGUAGES, Text, read_texts
from pipeline.study.names import LEAST_STEPS, POOLED_MEASURES
from pipeline.study.synthesis.pooling import Synthesis

TEXTS = read_texts(__file__, "certainty")
# From four steps to one; none is "nobody knows".
CERTAINTIES = ("nobody_knows", "very_low", "low", "moderate", "high")
FEW_STUDIES = 10
# An interval from a tenth less to a quarter more says nothing.
LITTLE, MUCH = np.log(0.9), np.log(1.25)
LEVEL = 0.8


def certainty(synthesis: Synthesis, studies: pd.DataFrame, cites: tuple[str, ...]) -> pd.DataFrame:
    """One row per measure: ``measure``, ``certainty``, ``steps`` (of four), ``reasons`` (codes of ``TEXTS``, each with
    the steps that it takes), ``studies``, ``programmes``, ``source_id`` and, of the two counts, ``own_sources``.

    ``studies`` comes from ``robustness.contributions``; ``cites`` is what every effect of the synthesis cites.
    """
    rows = []
    for measure in synthesis.posteriors:
        own = studies[studies["measure"] == measure]
        reasons = dict(_reasons(synthesis, measure, own)) if len(own) else {"no_study": -4}
        steps = max(1, 4 + sum(reasons.values())) if len(own) else 0
        told = ";".join(f"{reason}:{taken:g}" for reason, taken in reasons.items())
        counted = (len(own), own["programme"].nunique())
        rows.append((measure, CERTAINTIES[steps], steps, told, *counted, join(*cites), join(*own[OWN])))
    return pd.DataFrame(
        rows, columns=["measure", "certainty", "steps", "reasons", "studies", "programmes", "source_id", OWN]
    )


def _reasons(synthesis: Synthesis, measure: str, studies: pd.DataFrame) -> Iterator[tuple[str, int]]:
    """What takes steps from high, and how many; reasons that only have to be said take none."""
    share = studies["weight"] / studies["weight"].sum()
    is_trial = share[studies["design"].str.endswith("trial")].sum() > 0.5
    if not is_trial:
        yield "surveys", -2
    of_risk = share.groupby(studies["risk_of_bias"]).sum()
    if is_trial and of_risk.reindex(["serious", "critical"]).sum() > 0.5:
        yield "serious_bias", -1
    if not is_trial and of_risk.get("critical", 0.0) > 0.5:
        yield "critical_bias", -1
    if share[studies["is_se_imputed"]].sum() > 0.5:
        yield "no_errors", -1
    mean = synthesis.mean_effect(measure)
    if len(studies) == 1:
        yield "one_study", -1
    elif synthesis.between_places(measure) > abs(mean.interval(LEVEL)[1]):
        yield "inconsistent", -1
    direct = share[studies["is_direct"]].sum()
    if direct == 0:
        yield "never_here", -2
    elif direct < 0.5:
        yield "mostly_elsewhere", -1
    low, _, high = mean.interval(LEVEL)
    if low < LITTLE and high > MUCH:
        yield "says_nothing", -2
    elif low < 0 < high:
        yield "holds_zero", -1
    if len(studies) < FEW_STUDIES:
        yield "bias_not_testable", 0


def ranked(certainties: pd.DataFrame) -> set[str]:
    """Measures whose evidence is more than very low."""
    return set(certainties.loc[certainties["steps"] >= LEAST_STEPS, "measure"])


def reasons(certainties: pd.DataFrame) -> pd.DataFrame:
    """One row per measure and reason, as it is read: ``measure``, ``certainty``, ``reason``, ``steps``."""
    words = TEXTS.group("reasons")
    rows = [
        (row.measure, row.certainty, words[reason].en, int(steps))
        for row in certainties.itertuples()
        for reason, _, steps in [told.partition(":") for told in row.reasons.split(";")]
    ]
    return pd.DataFrame(rows, columns=["measure", "certainty", "reason", "steps"])


def trials(certainties: pd.DataFrame) -> pd.DataFrame:
    """The trial that would tell, for each measure that is not ranked: ``measure``, ``trial``."""
    words, unknown = TEXTS.group("trials"), certainties[~certainties["measure"].isin(ranked(certainties))]
    return pd.DataFrame({"measure": unknown["measure"], "trial": [words[name].en for name in unknown["measure"]]})


def said(certainties: pd.DataFrame) -> Text:
    """One sentence: how sure the evidence is, with the measures of each level, the surest first."""
    levels = TEXTS.group("levels")
    parts = []
    for level in reversed(CERTAINTIES):
        names = [POOLED_MEASURES[name] for name in certainties.loc[certainties["certainty"] == level, "measure"]]
        if names:
            parts.append(Text(*(f"{levels[level].in_language(a)}: {_listed(names, a)}" for a in LANGUAGES)))
    return Text(*("; ".join(part.in_language(a) for part in parts) + "." for a in LANGUAGES))


def _listed(names: list[Text], language: str) -> str:
    said_names = [name.in_language(language) for name in names]
    return ", ".join(f"{name[0].lower()}{name[1:]}" for name in said_names)
