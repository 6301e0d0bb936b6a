"""What the model needs to know of any number of plots: sums of squares and products, which add up over chunks.

The log yield of a plot is linear in its terms and in one effect of its village and one of its officer, with even
noise, so the likelihood depends on these sums alone: a hundred thousand plots are as quick as a hundred, once summed.
A farm counts once: its visits, and its plots where it has several, share one weight. Visits to one farm resemble each
other as no two farms do, and taken for so many farms they would narrow every interval without telling more.
"""

from dataclasses import dataclass, replace
from functools import reduce

import numpy as np
import pandas as pd

from pipeline.compute import each
from pipeline.model.survey_plots import officers, places, practices, reasons_left_out, side_terms

# Plots in one chunk; a survey that fits into one is summed here, without other processes.
CHUNK = 25_000


@dataclass(frozen=True)
class Statistics:
    """Sums over plots; ``terms`` (with ``level`` first) number k, villages and officers together q.

    ``weight`` is the sum of their weights. ``xx`` (k, k), ``zx`` (q, k), ``zz`` (q, q) are products of terms and
    groups, ``xy`` (k,) and ``zy`` (q,) with the outcome, ``yy`` its square; villages stand before officers. ``total``
    and ``squares`` are sums of the outcome on its own scale (kg/ha, its square), not on that of the model.
    """

    terms: tuple[str, ...]
    villages: tuple[str, ...]
    officers: tuple[str, ...]
    weight: float
    xx: np.ndarray
    zx: np.ndarray
    zz: np.ndarray
    xy: np.ndarray
    zy: np.ndarray
    yy: float
    total: float
    squares: float

    def __add__(self, other: "Statistics") -> "Statistics":
        """The sums of two lots of plots together. Raises ``ValueError`` when terms or groups differ."""
        if (self.terms, self.villages, self.officers) != (other.terms, other.villages, other.officers):
            raise ValueError("sums of plots with different terms or groups cannot be added")
        names = ("weight", "xx", "zx", "zz", "xy", "zy", "yy", "total", "squares")
        sums = [getattr(self, name) + getattr(other, name) for name in names]
        return Statistics(self.terms, self.villages, self.officers, *sums)

    def only_level(self) -> "Statistics":
        """The same plots without any other term."""
        return replace(self, terms=("level",), xx=self.xx[:1, :1], zx=self.zx[:, :1], xy=self.xy[:1])

    @property
    def rows(self) -> int:
        """Number of farms: the sum of the weights without what rounding adds."""
        return round(self.weight)

    @property
    def variance(self) -> float:
        """Variance of the outcome on the scale of the model; zero below two plots."""
        return max(0.0, self.yy - self.xy[0] ** 2 / self.rows) / (self.rows - 1) if self.rows > 1 else 0.0


@dataclass(frozen=True)
class Chunk:
    """Some plots, with all that is needed to sum them up elsewhere."""

    plots: pd.DataFrame
    villages: tuple[str, ...]
    officers: tuple[str, ...]
    full_dose: float
    curves: dict[str, tuple[float, float]]


def statistics(chunk: Chunk) -> Statistics:
    """Sums over the plots of a chunk, all usable (``reasons_left_out``) and with their ``weight``."""
    plots = chunk.plots
    terms = pd.concat([practices(plots, chunk.full_dose, chunk.curves), side_terms(plots)], axis=1)
    terms.insert(0, "level", 1.0)
    yields = plots["yield_kg_per_ha"].to_numpy(float)
    return _sums(plots, chunk.villages, chunk.officers, terms, np.log(yields), yields)


def _sums(
    plots: pd.DataFrame,
    villages: tuple[str, ...],
    officers_seen: tuple[str, ...],
    terms: pd.DataFrame,
    y: np.ndarray,
    own: np.ndarray,
) -> Statistics:
    x, q, weight = terms.to_numpy(float), len(villages) + len(officers_seen), plots["weight"].to_numpy(float)
    xw, yw = x * weight[:, None], y * weight
    village = pd.Categorical(places(plots), villages).codes.astype(int)
    officer = pd.Categorical(officers(plots), officers_seen).codes.astype(int) + len(villages)
    both = np.concatenate([village, officer])
    zx = np.array([np.bincount(both, np.tile(column, 2), q) for column in xw.T]).T
    zz = np.zeros((q, q))
    np.add.at(zz, (village, officer), weight)
    zz = zz + zz.T + np.diag(np.bincount(both, np.tile(weight, 2), q))
    products = (x.T @ xw, zx, zz, x.T @ yw, np.bincount(both, np.tile(yw, 2), q), float(y @ yw))
    levels = float(own @ weight), float(own @ (own * weight))
    return Statistics(tuple(terms), villages, officers_seen, float(weight.sum()), *products, *levels)


def weighed(plots: pd.DataFrame) -> pd.DataFrame:
    """The plots with their ``weight``: one over the number of rows of the farm, so that each farm counts once."""
    return plots.assign(weight=1 / plots.groupby("farm_id")["farm_id"].transform("size").astype(float))


def summed(plots: pd.DataFrame, full_dose: float, curves: dict[str, tuple[float, float]]) -> Statistics:
    """Sums over all plots that can be used; ``curves`` as in ``practices``.

    Many plots are shared out among cores or the workers of a cluster (``compute.backend``).
    """
    used = weighed(plots[reasons_left_out(plots) == ""].sort_values("plot_id", kind="stable"))
    groups = tuple(sorted(set(places(used)))), tuple(sorted(set(officers(used))))
    chunks = [
        Chunk(used.iloc[start : start + CHUNK], *groups, full_dose, curves)
        for start in range(0, max(len(used), 1), CHUNK)
    ]
    parts = [statistics(chunks[0])] if len(chunks) == 1 else each(statistics, chunks)
    return reduce(lambda one, other: one + other, parts)


def attack_sums(plots: pd.DataFrame) -> Statistics:
    """Sums over all plots whose pods were counted; the outcome is the share of pods with pod borer."""
    used = weighed(plots[plots["share_pods_borer"].notna()].sort_values("plot_id", kind="stable"))
    share = used["share_pods_borer"].to_numpy(float)
    terms = pd.DataFrame({"level": 1.0}, index=used.index)
    return _sums(used, tuple(sorted(set(places(used)))), tuple(sorted(set(officers(used)))), terms, share, share)
