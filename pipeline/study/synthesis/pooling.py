"""What a measure does to yield in a place not yet studied: a Bayesian synthesis of published effects.

Log response ratio of row j of study i in programme p, for one kind of measure:

    y = mean + dose + other place + other practice + bias + programme + study + row + error

The model and its priors are those of ``docs/decisions/9-evidence-model.md``, written before its scores. Given the
spreads, the scales of the tails, the biases and the values that were only said to be not significant, it is linear and
normal. Those lie on points of a Sobol sequence, the typical spread and the variation between farms, which all measures
share, on a grid: no sampler, the same digits every time.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
import pandas as pd
from scipy.special import gammaincinv, ndtri
from scipy.stats import qmc

from pipeline.kit.bayes import mixture
from pipeline.kit.bayes.linear_normal import (
    Asked,
    Block,
    Points,
    Posterior,
    average,
    fit_points,
    fixed_effects,
    groups,
    joined,
    membership,
    positions,
)
from pipeline.kit.bayes.mixture import Mixture, stream
from pipeline.kit.data.citations import cite_parameters, split_lists
from pipeline.study.names import POOLED_MEASURES
from pipeline.study.synthesis.comparisons import UNADJUSTED, Variation

SPREADS = ("new programme", "study", "row")
DOSED = "mineral_fertilizer"
# Points of the sequence for every node of the grid; another seed moves the ends of intervals by 0.004 or less.
POINTS = 512
SEQUENCE = 20261130
# A result that is called not significant lies within so many of its errors of zero.
NOT_SIGNIFICANT = float(ndtri(0.975))
HERE = ("indonesia", "borneo")


@dataclass(frozen=True)
class Priors:
    """Weak prior knowledge, all on the log scale.

    Mean and standard deviation of effects, and of the slope for each doubling of the dose; the typical spread between
    programmes (``typical_log_sd`` is the standard deviation of its log); the scale of the half-normal bias of designs
    without a drawn control; what other places and practices may differ, near with probability ``near_weight``, else
    far; the degrees of freedom of the tails; how well the variation between farms is known (of its log).
    """

    fertilizer: tuple[float, float] = (0.2, 0.4)
    other: tuple[float, float] = (0.1, 0.3)
    shade: tuple[float, float] = (0.0, 0.4)
    doubling: tuple[float, float] = (0.07, 0.07)
    spread_scale: float = 0.5
    typical_log_sd: float = 0.5
    bias_sd: float = 0.15
    near: float = 0.1
    far: float = 0.5
    near_weight: float = 0.8
    tails: float = 4.0
    variation_log_sd: float = 0.2

    def of(self, measure: str) -> tuple[float, float]:
        """Prior mean and standard deviation of the mean effect of a measure; shade may work either way."""
        if measure == "shade":
            return self.shade
        return self.fertilizer if measure.endswith("fertilizer") else self.other


def priors_from(
    fertilizer: tuple[float, float],
    other: tuple[float, float],
    spread_scale: float,
    bias_sd: float,
    near_weight: float,
    variation: Variation,
) -> Priors:
    """Priors with what is set by parameters, and with the variation between farms that surveys tell."""
    return Priors(
        fertilizer,
        other,
        spread_scale=spread_scale,
        bias_sd=bias_sd,
        near_weight=near_weight,
        variation_log_sd=variation.log_sd,
    )


# The parameters behind the priors.
PRIORS = cite_parameters(
    "evidence.fertilizer_prior_mean",
    "evidence.fertilizer_prior_sd",
    "evidence.other_prior_mean",
    "evidence.other_prior_sd",
    "evidence.spread_prior_scale",
    "evidence.design_bias_sd",
    "evidence.near_weight",
    "fertilizer.dose_kg_per_ha",
)
VARIATION = cite_parameters("evidence.farm_variation_low", "evidence.farm_variation_high")


@dataclass(frozen=True)
class Synthesis:
    """Posterior of every measure, the rows it rests on, and the typical spread and factor on imputed errors of each
    node of the grid with its weight."""

    posteriors: dict[str, Posterior]
    rows: pd.DataFrame
    typical: np.ndarray
    factor: np.ndarray
    weight: np.ndarray

    @property
    def cites(self) -> tuple[str, ...]:
        """What every effect cites: all rows, for together they tell the typical spread, and the priors."""
        return (*sorted(split_lists(self.rows["source_id"])), *PRIORS, *VARIATION)

    def mean_effect(self, measure: str) -> Mixture:
        """Mean effect of a measure over places in Indonesia, on the log scale."""
        return self.posteriors[measure].combination({"mean": 1.0})

    def new_place(self, measure: str) -> Mixture:
        """Effect of a measure in a regency of Indonesia not yet studied, on the log scale."""
        return self.posteriors[measure].combination({"mean": 1.0}, SPREADS)

    def between_places(self, measure: str) -> float:
        """Standard deviation of the true effect between places, on the log scale."""
        mixed = self.posteriors[measure]
        programme = float(mixed.weight @ mixed.spreads["programme"] ** 2) * TAIL_VARIANCE
        return float(np.sqrt(programme + mixed.total_spread(("study", "row")) ** 2))

    def study(self, measure: str, study: str) -> Mixture:
        """What a study tells of the effect at its own place once all others are heard."""
        rows = self.rows[(self.rows["measure"] == measure) & (self.rows["study_id"] == study)]
        programme = rows["programme"].iloc[0]
        parts = {"mean": 1.0, f"study:{study}": 1.0, f"programme:{programme}": 1.0}
        return self.posteriors[measure].combination(parts | shifts(rows).mean().to_dict())

    def draw(self, seed: int, size: int) -> pd.DataFrame:
        """Draws of the effect of every measure in a new place, one column each, from streams of their own."""
        return pd.DataFrame(
            {name: self.new_place(name).draw(stream(seed, f"effect {name}"), size) for name in self.posteriors}
        )


# Variance of Student's t with four degrees of freedom, in squares of its scale.
TAIL_VARIANCE = Priors.tails / (Priors.tails - 2)


def synthesise(rows: pd.DataFrame, priors: Priors) -> Synthesis:
    """Fit the synthesis to rows from ``comparisons``; a measure without rows keeps its prior."""
    return together(rows, fit_measures(rows, POOLED_MEASURES, priors), priors)


def fit_measures(rows: pd.DataFrame, measures: Iterable[str], priors: Priors) -> dict[str, list[Posterior]]:
    """Posterior of every measure at every node of what all measures share; arguments as for ``synthesise``."""
    return {measure: _fit_measure(rows[rows["measure"] == measure], measure, priors) for measure in measures}


def together(rows: pd.DataFrame, fits: dict[str, list[Posterior]], priors: Priors) -> Synthesis:
    """The synthesis of all measures, fitted by ``fit_measures``: together they tell what they share."""
    log_weight = _log_shared(priors, [[p.log_evidence for p in parts] for parts in fits.values()])
    weight = np.exp(log_weight - log_weight.max())
    averaged = {measure: average(parts, list(log_weight)) for measure, parts in fits.items()}
    nodes, _ = _shared(priors)
    return Synthesis(
        averaged, rows.reset_index(drop=True), nodes["typical"], nodes["imputed error"], weight / weight.sum()
    )


@dataclass(frozen=True)
class Simulated:
    """Simulated effects (rows, sets) for the rows of one measure, and in every set the true mean and new place.

    ``hidden`` (rows, sets) marks effects of which only "not significant" is told.
    """

    rows: pd.DataFrame
    effects: np.ndarray
    hidden: np.ndarray
    truths: np.ndarray


def positions_of(simulated: dict[str, Simulated], priors: Priors) -> dict[str, np.ndarray]:
    """Probability below the true mean and the true new place in the synthesis of every set, by measure (2, sets)."""
    found = {measure: list(_positions(measure, own, priors)) for measure, own in simulated.items()}
    log_weight = _log_shared(priors, [[evidence for _, evidence in parts] for parts in found.values()])
    weight = np.exp(log_weight - log_weight.max(axis=0))
    below = {measure: np.array([each for each, _ in parts]) for measure, parts in found.items()}
    return {measure: np.einsum("ts,tqs->qs", weight / weight.sum(axis=0), each) for measure, each in below.items()}


def _shared(priors: Priors) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Nodes of what all measures share, by name, and the log prior weight of each."""
    typical = mixture.log_normal_even("typical", priors.typical_log_sd, 13)
    nodes, log_prior = mixture.grid([typical, mixture.log_normal("imputed error", priors.variation_log_sd, 3)])
    return nodes | {"typical": priors.spread_scale * nodes["typical"]}, log_prior


def _log_shared(priors: Priors, log_evidence: list[list[float]] | list[list[np.ndarray]]) -> np.ndarray:
    """Log weight of every node, (nodes,) or (nodes, sets), from the evidence of every measure."""
    return (_shared(priors)[1] + np.sum(log_evidence, axis=0).T).T


def _fit_measure(rows: pd.DataFrame, measure: str, priors: Priors) -> list[Posterior]:
    hidden = rows["is_censored"].to_numpy(dtype=bool)
    seen = rows["log_ratio"].fillna(0.0).to_numpy(dtype=float)
    return [
        fit_points(
            np.where(hidden, node.unseen, seen) - node.bias,
            replace(node.model, log_prior=node.model.log_prior + node.log_width @ hidden),
        )
        for node in _nodes(rows, measure, priors)
    ]


def _positions(measure: str, simulated: Simulated, priors: Priors) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    asked: list[Asked] = [({"mean": 1.0}, ()), ({"mean": 1.0}, SPREADS)]
    for node in _nodes(simulated.rows, measure, priors):
        values = np.where(simulated.hidden, node.unseen[:, :, None], simulated.effects) - node.bias[:, :, None]
        yield positions(values, node.model, node.log_width @ simulated.hidden, asked, simulated.truths)


@dataclass(frozen=True)
class Node:
    """The model of a measure at one node of what all measures share: its points, and what is not normal there.

    For every point and row (points, rows): the ``bias``, the ``unseen`` effect if the row is only said to be not
    significant, and the log of the width of the interval that it lies in.
    """

    model: Points
    bias: np.ndarray
    unseen: np.ndarray
    log_width: np.ndarray


def _nodes(rows: pd.DataFrame, measure: str, priors: Priors) -> Iterator[Node]:
    blocks = _blocks(rows, priors.of(measure), priors)
    names = tuple(name for block in blocks for name in block.names)
    design, mean = joined(blocks)
    errors, imputed = rows["se"].to_numpy(dtype=float), rows["is_se_imputed"].to_numpy(dtype=bool)
    nodes, _ = _shared(priors)
    every = zip(
        nodes["typical"], nodes["imputed error"], _unit_points(rows, priors, len(nodes["typical"])), strict=True
    )
    for typical, factor, unit in every:
        spreads = {name: typical * values for name, values in unit.spreads.items()}
        scales = {
            "": np.ones((POINTS, 1)),
            "directness": unit.directness[:, None],
            "programme": spreads["programme"][:, None] * unit.tails,
            "study": spreads["study"][:, None],
        }
        error = np.where(imputed, factor, 1.0) * errors
        model = Points(
            names,
            design,
            mean,
            np.concatenate([block.sd * scales[block.spread or ""] for block in blocks], axis=1),
            error**2 + spreads["row"][:, None] ** 2,
            spreads | {"new bias": unit.new_bias, "imputed error": np.full(POINTS, factor)},
            np.full(POINTS, -np.log(POINTS)),
        )
        bound = NOT_SIGNIFICANT * error
        yield Node(model, unit.bias, unit.place * bound, np.broadcast_to(np.log(2 * bound), unit.place.shape))


@dataclass(frozen=True)
class UnitPoints:
    """What is integrated over points: ``spreads`` by name in units of the typical one, ``directness`` and ``new_bias``
    (points,); ``tails`` (points, programmes), which multiply the spread between programmes; ``bias``, and the
    ``place`` of an unseen effect between its bounds, from -1 to 1 (points, rows)."""

    spreads: dict[str, np.ndarray]
    directness: np.ndarray
    new_bias: np.ndarray
    tails: np.ndarray
    bias: np.ndarray
    place: np.ndarray


def _unit_points(rows: pd.DataFrame, priors: Priors, nodes: int) -> Iterator[UnitPoints]:
    """Points for each node, the next part of one sequence: what the parts are off averages out.

    Every row has a place of its own, for a simulated effect may be hidden in any; a study of a design without a drawn
    control has one bias.
    """
    is_biased = rows["design"].isin(UNADJUSTED).to_numpy()
    studies = sorted(set(rows.loc[is_biased, "study_id"]))
    has_bias = membership(rows["study_id"], studies).T * is_biased
    points = _standard_points(rows["programme"].nunique(), len(studies), len(rows), nodes, priors.tails)
    for spreads, biases, tails, near, places in zip(*(np.split(part, nodes) for part in points), strict=True):
        programme, study, row = spreads.T
        yield UnitPoints(
            {"programme": programme, "new programme": programme * tails[:, 0], "study": study / 2, "row": row / 2},
            np.where(near[:, 0] < priors.near_weight, priors.near, priors.far),
            priors.bias_sd * biases[:, 0],
            tails[:, 1:],
            priors.bias_sd * biases[:, 1:] @ has_bias,
            2 * places - 1,
        )


@lru_cache(maxsize=32)
def _standard_points(programmes: int, studies: int, rows: int, nodes: int, tails: float) -> tuple[np.ndarray, ...]:
    """Points of a scrambled Sobol sequence, always the same, pushed through standard priors; (nodes * points, columns).

    Half-normal: three spreads, and biases of one new study and of ``studies``. What a normal effect is multiplied by
    so that it is Student's t with ``tails`` degrees of freedom: for one new programme and for ``programmes``. Even
    between zero and one: one column for directness, and places for ``rows``.
    """
    sizes = np.array([3, 1 + studies, 1 + programmes, 1, rows])
    sequence = qmc.Sobol(sizes.sum(), rng=np.random.default_rng(SEQUENCE))
    uniform = np.concatenate([sequence.random(POINTS) for _ in range(nodes)])
    spreads, biases, scales, near, places = np.split(uniform, np.cumsum(sizes)[:-1], axis=1)
    half = tails / 2
    return (
        *(ndtri((1 + each) / 2) for each in (spreads, biases)),
        np.sqrt(half / gammaincinv(half, scales)),
        near,
        places,
    )


def _blocks(rows: pd.DataFrame, prior: tuple[float, float], priors: Priors) -> list[Block]:
    other = shifts(rows)
    places = other[["other place", "other practice"]].to_numpy()
    return [
        fixed_effects(["mean"], np.ones((len(rows), 1)), [prior[0]], [prior[1]]),
        fixed_effects(["dose"], other[["dose"]].to_numpy(), [priors.doubling[0]], [priors.doubling[1]]),
        Block(("other place", "other practice"), places, np.zeros(2), np.ones(2), "directness"),
        groups("programme", list(rows["programme"]), "programme"),
        groups("study", list(rows["study_id"]), "study"),
    ]


def shifts(rows: pd.DataFrame) -> pd.DataFrame:
    """What shifts a row besides its measure: ``dose`` in doublings of the full one, ``other place`` and ``other
    practice`` (0 or 1)."""
    return pd.DataFrame(
        {
            "dose": rows["doublings"].fillna(0.0).astype(float),
            "other place": (~rows["directness_place"].isin(HERE)).astype(float),
            "other practice": (rows["directness_practice"] == "unlike").astype(float),
        },
        index=rows.index,
    )
