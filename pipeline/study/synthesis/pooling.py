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
from functools import cache, lru_cache

import numpy as np
import pandas as pd
from scipy.special import gammaincinv, ndtr, ndtri
from scipy.stats import qmc

from pipeline.kit.bayes import mixture
from pipeline.kit.bayes.linear_normal import (
    Asked,
    Block,
    Points,
    Posterior,
    average,
    check_errors,
    fit_points,
    fixed_effects,
    groups,
    joined,
    log_weights,
    membership,
    positions,
)
from pipeline.kit.bayes.mixture import Mixture, stream
from pipeline.kit.data.citations import cite_parameters, join, split_lists
from pipeline.study.names import POOLED_MEASURES
from pipeline.study.synthesis.comparisons import UNADJUSTED, VARIATION

SPREADS = ("new programme", "study", "row")
DOSED = "mineral_fertilizer"
# Points of the sequence for every node of the grid; of eight seeds the ends of intervals lie within 0.007 of the mean.
POINTS = 512
SEQUENCE = 20261130
# Rounds in which points are laid anew, on so many for each node; wider than the posterior by this factor, and no
# narrower than this share of the prior, so that none counts for very much.
ROUNDS, PILOT_POINTS, WIDER, NARROWEST = 3, 256, 1.2, 0.6
# Measures must rest on so many points, by their weights.
LEAST_EFFECTIVE = 50.0
# A result that is called not significant lies within so many of its errors of zero.
NOT_SIGNIFICANT = float(ndtri(0.975))
HERE = ("indonesia", "borneo")


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


@dataclass(frozen=True)
class Priors:
    """Weak prior knowledge, all on the log scale.

    Mean and standard deviation of effects, and of the slope for each doubling of the dose; the typical spread between
    programmes (``typical_log_sd`` is the standard deviation of its log); the scale of the half-normal bias of designs
    without a drawn control, known to ``bias_log_sd``; what other places and practices may differ, near with probability
    ``near_weight``, else far; the degrees of freedom of the tails; how well the variation between farms is known (of
    its log); and the parameters that all this ``cites``.
    """

    fertilizer: tuple[float, float] = (0.2, 0.4)
    other: tuple[float, float] = (0.1, 0.3)
    shade: tuple[float, float] = (0.0, 0.4)
    doubling: tuple[float, float] = (0.07, 0.07)
    spread_scale: float = 0.5
    typical_log_sd: float = 0.5
    bias_sd: float = 0.15
    bias_log_sd: float = 0.5
    near: float = 0.1
    far: float = 0.5
    near_weight: float = 0.8
    tails: float = 4.0
    variation_log_sd: float = 0.2
    cites: tuple[str, ...] = (*PRIORS, *VARIATION)

    def of(self, measure: str) -> tuple[float, float]:
        """Prior mean and standard deviation of the mean effect of a measure; shade may work either way."""
        if measure == "shade":
            return self.shade
        return self.fertilizer if measure.endswith("fertilizer") else self.other


@dataclass(frozen=True)
class Synthesis:
    """Posterior of every measure, the rows and priors it rests on, and the typical spread and factor on imputed errors
    of each node of the grid with its weight."""

    posteriors: dict[str, Posterior]
    rows: pd.DataFrame
    priors: Priors
    typical: np.ndarray
    factor: np.ndarray
    weight: np.ndarray

    @property
    def cites(self) -> tuple[str, ...]:
        """What every effect cites: all rows, for together they tell the typical spread, and the priors."""
        return (*sorted(split_lists(self.rows["source_id"])), *self.priors.cites)

    def rows_of(self, measure: str, study: str) -> str:
        """What the rows of one study on a measure cite, as a list."""
        own = (self.rows["measure"] == measure) & (self.rows["study_id"] == study)
        return join(*self.rows.loc[own, "source_id"])

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


def synthesise(rows: pd.DataFrame, priors: Priors, measures: Iterable[str] = tuple(POOLED_MEASURES)) -> Synthesis:
    """Fit the synthesis to rows from ``comparisons``; one of the ``measures`` without rows keeps its prior.

    Raises ``ValueError`` for an effect without a number that is not censored, for an error that is not above zero, and
    for more studies than the points can carry.
    """
    return together(rows, fit_measures(rows, measures, priors), priors)


def fit_measures(rows: pd.DataFrame, measures: Iterable[str], priors: Priors) -> dict[str, list[Posterior]]:
    """Posterior of every measure at every node of what all measures share; arguments as for ``synthesise``."""
    return {measure: _fit_measure(rows[rows["measure"] == measure], measure, priors) for measure in measures}


def together(rows: pd.DataFrame, fits: dict[str, list[Posterior]], priors: Priors) -> Synthesis:
    """The synthesis of all measures, fitted by ``fit_measures``: together they tell what they share."""
    log_weight = _log_shared(priors, [[p.log_evidence for p in parts] for parts in fits.values()])
    weight = np.exp(log_weight - log_weight.max())
    averaged = {measure: average(parts, list(log_weight)) for measure, parts in fits.items()}
    _check_points(averaged)
    nodes, _ = _shared(priors)
    return Synthesis(
        averaged, rows.reset_index(drop=True), priors, nodes["typical"], nodes["imputed error"], weight / weight.sum()
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


def _check_points(posteriors: dict[str, Posterior]) -> None:
    """Every study that is odd or biased adds to what is integrated over points; with many they lie too thin."""
    for measure, posterior in posteriors.items():
        effective = 1 / float((posterior.weight**2).sum())
        if effective < LEAST_EFFECTIVE:
            raise ValueError(
                f"{measure}: only {effective:.0f} of its points carry its weight; there must be more points"
            )


def _shared(priors: Priors) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Nodes of what all measures share, by name, and the log prior weight of each."""
    typical = mixture.log_normal_even("typical", priors.typical_log_sd, 13)
    errors = mixture.log_normal("imputed error", priors.variation_log_sd, 3 if priors.variation_log_sd else 1)
    nodes, log_prior = mixture.grid([typical, errors])
    return nodes | {"typical": priors.spread_scale * nodes["typical"]}, log_prior


def _log_shared(priors: Priors, log_evidence: list[list[float]] | list[list[np.ndarray]]) -> np.ndarray:
    """Log weight of every node, (nodes,) or (nodes, sets), from the evidence of every measure."""
    return (_shared(priors)[1] + np.sum(log_evidence, axis=0).T).T


def _fit_measure(rows: pd.DataFrame, measure: str, priors: Priors) -> list[Posterior]:
    hidden = rows["is_censored"].to_numpy(dtype=bool)
    seen = np.where(hidden, 0.0, rows["log_ratio"].to_numpy(dtype=float))
    check_errors(seen, rows["se"].to_numpy(dtype=float))
    given = [_given(node, seen, hidden) for node in _nodes(rows, measure, priors, _proposal(rows, measure, priors))]
    return [fit_points(values, model) for values, model in given]


def _given(node: "Node", seen: np.ndarray, hidden: np.ndarray) -> tuple[np.ndarray, Points]:
    """Values (points, rows) less their bias, with unseen ones where they are hidden, and the model that weighs them."""
    values = np.where(hidden, node.unseen, seen) - node.bias
    return values, replace(node.model, log_prior=node.model.log_prior + node.log_width @ hidden)


def _positions(measure: str, simulated: Simulated, priors: Priors) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    asked: list[Asked] = [({"mean": 1.0}, ()), ({"mean": 1.0}, SPREADS)]
    # What is simulated comes from the priors, so all sets are served by points that are spread as these are.
    for node in _nodes(simulated.rows, measure, priors, Proposal()):
        values = np.where(simulated.hidden, node.unseen[:, :, None], simulated.effects) - node.bias[:, :, None]
        yield positions(values, node.model, node.log_width @ simulated.hidden, asked, simulated.truths)


@dataclass(frozen=True)
class Proposal:
    """Where points are laid, for each coordinate a mean and a standard deviation; the priors are standard normal."""

    mean: np.ndarray | float = 0.0
    sd: np.ndarray | float = 1.0

    def lay(self, standard: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Points (points, coordinates) from standard normal ones, and the log of what each counts for (points,)."""
        laid = self.mean + self.sd * standard
        return laid, (0.5 * (standard**2 - laid**2) + np.log(self.sd)).sum(axis=1)


def _proposal(rows: pd.DataFrame, measure: str, priors: Priors) -> Proposal:
    """Points laid where the posterior is, found in a few rounds on fewer points: an odd study needs it far out."""
    hidden = rows["is_censored"].to_numpy(dtype=bool)
    seen = np.where(hidden, 0.0, rows["log_ratio"].to_numpy(dtype=float))
    pilot = replace(priors, variation_log_sd=0.0)
    found = Proposal()
    for _ in range(ROUNDS if len(rows) else 0):
        laid, weights = [], []
        for node, prior in zip(_nodes(rows, measure, pilot, found, PILOT_POINTS), _shared(pilot)[1], strict=True):
            values, model = _given(node, seen, hidden)
            laid.append(node.laid)
            weights.append(prior + log_weights(values, model))
        weight = np.exp(np.concatenate(weights) - np.max(weights))
        points = np.concatenate(laid)
        mean = np.average(points, axis=0, weights=weight)
        variance = np.average((points - mean) ** 2, axis=0, weights=weight)
        # Few points that carry all the weight do not tell where so many coordinates lie: then the prior stays.
        effective = weight.sum() ** 2 / (weight**2).sum()
        trust = effective / (effective + len(mean))
        sd = WIDER * np.sqrt(trust * variance + 1 - trust)
        found = Proposal(trust * mean, np.clip(sd, NARROWEST, 1.0))
    return found


@dataclass(frozen=True)
class Node:
    """The model of a measure at one node of what all measures share: its points, and what is not normal there.

    ``laid`` are its points (points, coordinates). For every point and row (points, rows): the ``bias``, the ``unseen``
    effect if the row is only said to be not significant, and the log of the width of the interval that it lies in.
    """

    model: Points
    laid: np.ndarray
    bias: np.ndarray
    unseen: np.ndarray
    log_width: np.ndarray


def _nodes(
    rows: pd.DataFrame, measure: str, priors: Priors, proposal: Proposal, points: int | None = None
) -> Iterator[Node]:
    points = points or POINTS
    blocks, unit = _blocks(rows, priors.of(measure), priors), _unit(rows)
    names = tuple(name for block in blocks for name in block.names)
    design, mean = joined(blocks)
    errors, imputed = rows["se"].to_numpy(dtype=float), rows["is_se_imputed"].to_numpy(dtype=bool)
    nodes, _ = _shared(priors)
    standard = _standard_points(unit.coordinates, len(nodes["typical"]), points)
    for typical, factor, part in zip(nodes["typical"], nodes["imputed error"], standard, strict=True):
        laid, log_count = proposal.lay(part)
        at = unit.at(laid, priors)
        spreads = {name: typical * values for name, values in at.spreads.items()}
        scales = {
            "": np.ones((points, 1)),
            "directness": at.directness[:, None],
            "programme": spreads["programme"][:, None] * at.tails,
            "study": spreads["study"][:, None],
        }
        error = np.where(imputed, factor, 1.0) * errors
        model = Points(
            names,
            design,
            mean,
            np.concatenate([block.sd * scales[block.spread or ""] for block in blocks], axis=1),
            error**2 + spreads["row"][:, None] ** 2,
            spreads | {"bias": at.bias_scale, "new bias": at.new_bias, "imputed error": np.full(points, factor)},
            log_count - np.log(points),
        )
        bound = NOT_SIGNIFICANT * error
        yield Node(model, laid, at.bias, at.place * bound, np.broadcast_to(np.log(2 * bound), at.place.shape))


@dataclass(frozen=True)
class AtPoints:
    """What is integrated over points, of the size that the priors say.

    ``spreads`` by name in units of the typical one, ``directness``, ``bias_scale`` and ``new_bias`` (points,);
    ``tails`` (points, programmes), which multiply the spread between programmes; ``bias``, and the ``place`` of an
    unseen effect between its bounds, from -1 to 1 (points, rows).
    """

    spreads: dict[str, np.ndarray]
    directness: np.ndarray
    bias_scale: np.ndarray
    new_bias: np.ndarray
    tails: np.ndarray
    bias: np.ndarray
    place: np.ndarray


@dataclass(frozen=True)
class Unit:
    """How many coordinates the points of a measure need, and which rows share a bias (studies, rows).

    Every row has a place of its own, for a simulated effect may be hidden in any.
    """

    programmes: int
    has_bias: np.ndarray

    @property
    def _sizes(self) -> list[int]:
        studies, rows = self.has_bias.shape
        return [3, 1, 1, 1 + studies, 1 + self.programmes, rows]

    @property
    def coordinates(self) -> int:
        """Coordinates of a point."""
        return sum(self._sizes)

    def at(self, laid: np.ndarray, priors: Priors) -> AtPoints:
        """Points whose priors are standard normal, pushed to the priors that they stand for."""
        spreads, near, scale, biases, tails, places = np.split(laid, np.cumsum(self._sizes)[:-1], axis=1)
        programme, study, row = _half_normal(spreads).T
        tails, biases = _tail(tails, priors.tails), _half_normal(biases)
        bias_scale = priors.bias_sd * np.exp(priors.bias_log_sd * scale)
        return AtPoints(
            {"programme": programme, "new programme": programme * tails[:, 0], "study": study / 2, "row": row / 2},
            np.where(ndtr(near[:, 0]) < priors.near_weight, priors.near, priors.far),
            bias_scale[:, 0],
            bias_scale[:, 0] * biases[:, 0],
            tails[:, 1:],
            bias_scale * biases[:, 1:] @ self.has_bias,
            2 * ndtr(places) - 1,
        )


def _unit(rows: pd.DataFrame) -> Unit:
    is_biased = rows["design"].isin(UNADJUSTED).to_numpy()
    studies = sorted(set(rows.loc[is_biased, "study_id"]))
    return Unit(rows["programme"].nunique(), membership(rows["study_id"], studies).T * is_biased)


@lru_cache(maxsize=64)
def _standard_points(coordinates: int, parts: int, points: int) -> list[np.ndarray]:
    """Standard normal points (points, coordinates) for each part: the next ones of a scrambled Sobol sequence, always
    the same. What the parts are off averages out."""
    sequence = qmc.Sobol(coordinates, rng=np.random.default_rng(SEQUENCE))
    return [ndtri(sequence.random(points)) for _ in range(parts)]


def _half_normal(standard: np.ndarray) -> np.ndarray:
    return np.asarray(ndtri((1 + ndtr(standard)) / 2))


def _tail(standard: np.ndarray, degrees: float) -> np.ndarray:
    """What a normal effect is multiplied by so that it is Student's t with so many degrees of freedom."""
    return np.asarray(np.interp(standard, *_tail_table(degrees)))


@cache
def _tail_table(degrees: float) -> tuple[np.ndarray, np.ndarray]:
    """Standard normal numbers and the factors that belong to them: a table, for the function is slow."""
    standard, half = np.linspace(-8, 8, 16001), degrees / 2
    return standard, np.sqrt(half / gammaincinv(half, ndtr(standard)))


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
