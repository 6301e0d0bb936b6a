"""How many plots, in how many villages, choosing between packages takes: the value of a survey before it is made."""

import re
from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy.stats import rankdata
from sklearn.preprocessing import SplineTransformer

from pipeline.kit.bayes.mixture import stream
from pipeline.kit.data.citations import join
from pipeline.kit.publish.estimates import EXPECTED, SHARE_OF_CASES, SMALLEST, Estimate, cited
from pipeline.kit.publish.keys import Key
from pipeline.study.plots.model import Likelihood
from pipeline.study.prices.scope import CHOICE, MEAN_INCOME, Dated
from pipeline.study.scenarios.choices import KNOTS, PLOTS, RANK, SHOWN_BY_PLOTS, as_shown, perfect_information

# A survey shows these inputs of the choice at once.
SHOWN = tuple(SHOWN_BY_PLOTS)
DECISIONS = ("best_two", "all_packages")
SHARE_WORDS = {"half": "half", "nine_tenths": "nine tenths"}
# More plots than a survey of the district can have: what is left then is bias.
ENDLESS = 10**9
# A gain below this share of the largest income is none.
ROUNDING = 1e-9
SHARES = {"half": 0.5, "nine_tenths": 0.9}
# Plots per village that are compared.
VISITED = (1, 3, 5, 10, 20)
SAMPLE = "expected value of sample information"


def best_two(paid: np.ndarray) -> list[int]:
    """Columns of the two options with the best mean income, the better first; ``paid`` has shape (draws, options).

    Of incomes that are the same to the rupiah the one that stands first is taken.
    """
    return [int(column) for column in np.argsort(-paid.mean(axis=0).round(), kind="stable")[:2]]


def survey_value(paid: np.ndarray, shown: np.ndarray) -> float:
    """Expected gain from choosing after a survey, in the unit of ``paid``; ``shown`` has shape (draws, inputs).

    The mean income given all that is shown is taken to be a sum of one smooth curve per input.
    """
    ranks = np.column_stack([rankdata(column) / len(column) for column in shown.T])
    basis = SplineTransformer(n_knots=KNOTS).fit_transform(ranks)
    weights = np.linalg.lstsq(basis.T @ basis, basis.T @ paid, rcond=RANK)[0]
    gained = perfect_information(basis @ weights)
    # What remains where the choice does not change is rounding.
    return gained if gained > ROUNDING * np.abs(paid).max() else 0.0


def survey_shows(known: dict[str, np.ndarray], variation: float, bias_sd: float, plots: int, seed: int) -> np.ndarray:
    """Draws of what a survey of so many plots would show of ``SHOWN``: truth, bias and error, shape (draws, inputs).

    ``variation`` is the coefficient of variation between farms. The same noise, scaled, serves every number of plots.
    """
    columns = []
    for name in SHOWN:
        rng = stream(seed, f"survey shows {name}")
        truth = as_shown(name, known[name])
        bias, error = rng.standard_normal((2, len(truth)))
        columns.append(truth + bias_sd * bias + SHOWN_BY_PLOTS[name] * variation / np.sqrt(plots) * error)
    return np.column_stack(columns)


def value_by_plots(
    paid: np.ndarray, known: dict[str, np.ndarray], variation: tuple[float, float, float], bias_sd: float, seed: int
) -> pd.DataFrame:
    """Value of surveys of each number of plots for each decision, in the unit of ``paid``.

    Columns: ``decision`` (of ``DECISIONS``), ``variation`` (``lower``, ``value``, ``upper``), ``plots``, ``value``; the
    last number of plots is ``ENDLESS``. Plots stand apart from each other: as many villages as plots.
    """
    chosen = {"best_two": paid[:, best_two(paid)], "all_packages": paid}
    rows = []
    for which, between in zip(("lower", "value", "upper"), variation, strict=True):
        for plots in (*PLOTS, ENDLESS):
            shown = survey_shows(known, between, bias_sd, plots, seed)
            rows += [(decision, which, plots, survey_value(part, shown)) for decision, part in chosen.items()]
    frame = pd.DataFrame(rows, columns=["decision", "variation", "plots", "value"])
    # More plots are never worth less; where they seem so it is the noise of the curves.
    frame["value"] = frame.groupby(["decision", "variation"])["value"].cummax()
    return frame


def apart(by_plots: pd.DataFrame, decision: str, share: float) -> dict[str, float]:
    """Plots, each in a village of its own, for a share of what endless plots give: ``lower``, ``value``, ``upper``.

    Missing where no number compared is enough or a survey is worth nothing.
    """
    found = {}
    for which, curve in by_plots[by_plots["decision"] == decision].groupby("variation"):
        whole = float(curve["value"].iloc[-1])
        enough = curve.loc[(curve["value"] >= share * whole) & (curve["plots"] < ENDLESS), "plots"]
        found[str(which)] = float(enough.min()) if len(enough) and whole > 0 else float("nan")
    return found


def village_share(seen: Likelihood) -> float:
    """Share of the variance between plots that lies between villages: prior mean without plots, else posterior."""
    precision, vector = seen.precision[:, 0, 0], seen.vector[:, 0]
    told = precision > 0
    log_weight = seen.log_weight + np.where(told, 0.5 * vector**2 / np.where(told, precision, 1.0), 0.0)
    log_weight = log_weight - 0.5 * np.log(np.where(told, precision, 1.0))
    weight = np.exp(log_weight - log_weight.max())
    village, noise = seen.spreads["village"] ** 2, seen.spreads["noise"] ** 2
    return float(weight @ (village / (village + noise)) / weight.sum())


def together_in_villages(apart: float, share: float, plots_per_village: int) -> tuple[int, int]:
    """Plots and villages that tell as much as ``apart`` plots in villages of their own.

    Plots of one village resemble each other by ``share`` (intraclass correlation), so it takes 1 + (m - 1) share
    times as many when m are visited in each (Kish 1965, Survey Sampling). Whole villages are visited.
    """
    plots = apart * (1 + (plots_per_village - 1) * share)
    villages = int(np.ceil(plots / plots_per_village - 1e-9))
    return villages * plots_per_village, villages


def needed(by_plots: pd.DataFrame, decision: str, share: float, plots_per_village: int) -> pd.DataFrame:
    """Plots and villages for each of ``SHARES`` of the value of endless plots, by how much farms differ.

    Columns: ``share`` and ``plots`` and ``villages`` each with ``_lower``, ``_value``, ``_upper``; missing where no
    number compared is enough.
    """
    rows = []
    for name, part in SHARES.items():
        row: dict[str, object] = {"share": name}
        for end, number in apart(by_plots, decision, part).items():
            both = together_in_villages(number, share, plots_per_village) if number > 0 else (np.nan, np.nan)
            row |= {f"plots_{end}": float(both[0]), f"villages_{end}": float(both[1])}
        rows.append(row)
    return pd.DataFrame(rows)


def by_clustering(by_plots: pd.DataFrame, decision: str, share: float) -> pd.DataFrame:
    """Plots and villages for nine tenths of the value, by the number of plots visited in each village."""
    rows = []
    for visited in VISITED:
        row = needed(by_plots, decision, share, visited).set_index("share").loc["nine_tenths"]
        rows.append((visited, row["plots_value"], row["villages_value"]))
    return pd.DataFrame(rows, columns=["plots_per_village", "plots", "villages"])


def endless_values(by_plots: pd.DataFrame) -> dict[str, float]:
    """Value of a survey without end for each decision, in the unit of ``by_plots``: only bias is left of its error."""
    endless = by_plots[(by_plots["plots"] == ENDLESS) & (by_plots["variation"] == "value")]
    return {decision: float(endless.set_index("decision")["value"][decision]) for decision in DECISIONS}


# As sources spell villages of the list.
SPELLINGS = {"Karangan Ilir": "Karangan Hilir", "Long Bentuk": "Long Bentuq"}
REGENCY = "Kutai Timur"
NAMED, DRAWN = "named by a source", "drawn by lot"


def places_with_cacao(statistics: pd.DataFrame, pests: pd.DataFrame, prices: pd.DataFrame) -> pd.DataFrame:
    """Places of the regency for which a clean table has a figure of cacao: columns ``place`` and ``source_id``."""
    own = statistics[(statistics["parent"] == REGENCY) & (statistics["quantity"] != "area_potential")]
    attacked = pests[pests["parent"] == REGENCY]
    sold = prices[prices["place"].str.contains(REGENCY, na=False) & prices["item"].str.startswith("cocoa")]
    parts = [(own, "region"), (attacked, "region"), (sold, "place")]
    return pd.concat([part[[column, "source_id"]].set_axis(["place", "source_id"], axis=1) for part, column in parts])


def to_visit(villages: pd.DataFrame, places: pd.DataFrame, number: float, seed: int) -> pd.DataFrame:
    """``number`` villages, or more where sources name more; columns ``subdistrict``, ``village``, ``why``, ``sources``.

    ``villages`` is the list of the regency, ``places`` is that of ``places_with_cacao``. Villages no source names are
    drawn by lot from the subdistricts that some source names, as many as there are at most; without a ``number`` none
    is drawn.
    """
    named = _named(villages["village"], places)
    within = set(villages.loc[villages["village"].isin(named), "subdistrict"]) | set(
        _named(villages["subdistrict"], places)
    )
    others = villages[villages["subdistrict"].isin(within) & ~villages["village"].isin(named)]
    missing = 0 if np.isnan(number) else min(len(others), max(0, int(number) - len(named)))
    lot = stream(seed, "villages to visit").permutation(len(others))[:missing]
    chosen = pd.concat([villages[villages["village"].isin(named)], others.iloc[sorted(lot)]])
    why = chosen["village"].isin(named).map({True: NAMED, False: DRAWN})
    pairs = zip(chosen["village"], chosen["source_id"], strict=True)
    sources = [join(listed, *named.get(village, ())) for village, listed in pairs]
    return chosen[["subdistrict", "village"]].assign(why=why, sources=sources).reset_index(drop=True)


def _named(names: pd.Series, places: pd.DataFrame) -> dict[str, set[str]]:
    """Citations by name, for the names that stand in a place; the longer name counts where one is part of another."""
    spelled = {
        **{name: name for name in names},
        **{other: name for other, name in SPELLINGS.items() if name in set(names)},
    }
    pattern = re.compile(r"\b(" + "|".join(sorted(map(re.escape, spelled), key=len, reverse=True)) + r")\b")
    found: dict[str, set[str]] = {}
    for place, source in zip(places["place"], places["source_id"], strict=True):
        for name in pattern.findall(place):
            found.setdefault(spelled[name], set()).add(source)
    return found


def size_estimates(
    needed: pd.DataFrame,
    values: dict[str, float],
    two: Sequence[Sequence[str]],
    dated: Dated,
    cites: tuple[str, ...],
    level: float,
    seed: int,
) -> list[Estimate]:
    """Plots and villages for a choice between the two best packages, and what endless plots would be worth.

    ``needed`` has a row per share of the value: ``share``, ``plots`` and ``villages`` each with ``_lower``, ``_value``
    and ``_upper``; ``values`` in Rp/ha by decision, ``two`` names what the two best packages hold.
    """
    found, own = [], cited(cites, seed)
    best_two = "; ".join(["choice between the two best packages", "the best is", *two[0], "the second is", *two[1]])
    chosen = {"best_two": best_two, "all_packages": CHOICE}
    for decision, value in values.items():
        key = Key("survey", (), "value", (decision,))
        said = f"{MEAN_INCOME}; {chosen[decision]}; a survey of plots without end"
        basis = dated.at(said, cites, fertilizer="ceiling")
        found.append(Estimate(key, value / 1e6, "million Rp/ha", basis, SAMPLE, value_is=EXPECTED, **own))
    method = f"{SAMPLE}; interval over how much farms differ"
    for row in needed.to_dict("records"):
        for kind in ("plots", "villages"):
            lower, value, upper = (row[f"{kind}_{end}"] for end in ("lower", "value", "upper"))
            ends = {"lower": lower, "upper": upper, "level": level} if np.isfinite([lower, upper]).all() else {}
            key, basis = (
                Key("survey", (), f"{kind}_needed", (row["share"],)),
                dated.at(
                    f"least {kind} for {SHARE_WORDS[row['share']]} of the value of plots without end; {best_two}",
                    cites,
                    fertilizer="ceiling",
                ),
            )
            if np.isfinite(value):
                found.append(Estimate(key, value, kind, basis, method, value_is=SMALLEST, **ends, **own))
    return found


def village_estimates(visited: pd.DataFrame) -> list[Estimate]:
    """How many of the villages to visit, as from ``survey_villages``, sources name with a figure of cacao."""
    named = visited[visited["why"] == NAMED]
    about = ("villages", "sources have a figure of cacao for them", "count")
    return [Estimate(Key("survey", (), "villages_named"), len(named), *about, **cited(named["sources"]))]


def alarm_estimates(alarms: pd.DataFrame, surveys: int, sources: tuple[str, ...], seed: int) -> list[Estimate]:
    """Share of honest simulated surveys of each size with any flag; ``alarms`` as from ``survey_alarms``."""
    honest = alarms[alarms["kind"] == "honest"]
    basis, method = "of honest simulated surveys of {} plots raise a flag", "checks run on simulated surveys"
    return [
        Estimate(
            Key("survey", (), "false_alarms", (str(plots),)),
            share,
            "1",
            basis.format(plots),
            method,
            sources,
            surveys,
            "simulations",
            seed=seed,
            value_is=SHARE_OF_CASES,
        )
        for plots, share in zip(honest["plots"], honest["any"], strict=True)
    ]
