"""All that follows from the store: the plot table, what was set aside and the report. It is written anew each time."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import pandas as pd

from pipeline.contracts import validate
from pipeline.survey import doubles, messages, places, privacy
from pipeline.survey.files import write
from pipeline.survey.locations import WHERE, Locations, located
from pipeline.survey.names import Form
from pipeline.survey.plots import PLOTS
from pipeline.survey.records import build
from pipeline.survey.store import NO, UNDATED, UNKNOWN, YES, Store

SET_ASIDE = ["id", *WHERE, "question", "value", "question_id", "reason_id", "question_en", "reason_en"]


@dataclass
class Derived:
    """Records in common units with all that is private, problems by ``id`` of submission, plots for the stages."""

    records: pd.DataFrame
    problems: pd.DataFrame
    plots: pd.DataFrame


def derive(store: Store, form: Form, parameters: Any, salt: bytes, today: date | None = None) -> Derived:
    """Records, problems and the public table of a store; ``parameters`` is the section ``survey``.

    A submission with a problem is set aside; one whose stored answers are good stays in the table while a later
    version waits for a clear consent.
    """
    asked = store.those(YES).reset_index(drop=True)
    records, problems = build(asked, store.repeats, form, parameters.wet_to_dry, today or date.today())
    system = asked.set_index("record")
    records["id"] = system["id"]
    people = privacy.people(records, system, salt)
    people["content_key"] = doubles.content_keys(system, people["farm_id"], store.repeats, form, salt)
    records = pd.concat([records, people, _pseudonymous(records, parameters, salt)], axis=1)
    records, twice = _one_version(records)
    problems = problems[problems["record"].isin(records.index)].assign(
        id=lambda frame: frame["record"].map(records["id"])
    )
    kept = system.loc[records.index].assign(farm_id=records["farm_id"], content_key=records["content_key"])
    undated = store.those(UNDATED)[["id"]].assign(question="consent", value=NO, code="refusal_undated")
    found = [problems, twice, undated, doubles.reviewed(kept), doubles.unlinked(kept), doubles.copies(kept)]
    problems = pd.concat(found).drop(columns="record", errors="ignore")
    good = records[~records["id"].isin(set(problems["id"]))]
    unclear = store.those(UNKNOWN)[["id"]].assign(question="consent", value="", code="consent_unknown")
    problems = pd.concat([problems, unclear]).drop_duplicates(ignore_index=True)
    return Derived(records, problems.sort_values(["id", "question", "code", "value"]), _public(good, parameters))


def _pseudonymous(records: pd.DataFrame, parameters: Any, salt: bytes) -> pd.DataFrame:
    """Pseudonyms of visit and officer, and coarse positions."""
    named = pd.DataFrame(
        {
            "plot_id": privacy.pseudonyms(salt, "plot", records["id"]),
            "enumerator_id": privacy.pseudonyms(salt, "officer", records["enumerator"].fillna("")).where(
                records["enumerator"].fillna("") != ""
            ),
        }
    )
    return pd.concat([named, privacy.coarse(records["position"], parameters.grid_degrees)], axis=1)


def _one_version(records: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """One record per submission; versions of the same moment that say different things are problems."""
    said = [column.name for column in PLOTS.columns if column.name in records]
    month = records["visit_date"].dt.strftime("%Y-%m")
    records = records[~records.assign(visit_date=month)[["id", *said]].duplicated()]
    twice = records[records["id"].duplicated(keep=False)]
    problems = pd.DataFrame({"id": twice["id"].unique(), "question": "id", "value": "", "code": "duplicate"})
    return records[~records["id"].duplicated()], problems


def _public(good: pd.DataFrame, parameters: Any) -> pd.DataFrame:
    """The columns of the contract and no other, with small groups blanked, in the order of the pseudonyms."""
    good = good.assign(village=good["village"].where(good["village"] != "other"))
    good = privacy.hide_small_groups(good, parameters.smallest_group)
    good["visit_date"] = good["visit_date"].dt.strftime("%Y-%m")
    return validate(PLOTS, good[[column.name for column in PLOTS.columns]].sort_values("plot_id"))


def write_all(
    derived: Derived, form: Form, counts: dict[str, int], notes: Sequence[str] = (), files: Sequence[Locations] = ()
) -> None:
    """Write plot table, list of what was set aside, and report; without any plot the table is taken away.

    ``files`` say where the answers of this import stand.
    """
    if len(derived.plots):
        write(places.plots(), _short(derived.plots).to_csv(index=False, lineterminator="\n").encode())
    else:
        places.plots().unlink(missing_ok=True)
    told = messages.with_words(located(derived.problems, files, form), form)
    shown = told[SET_ASIDE].map(privacy.without_marks)
    # With the mark that makes Excel read UTF-8.
    write(places.private() / "set_aside.csv", shown.to_csv(index=False).encode("utf-8-sig"))
    text = messages.report(counts, told, notes)
    write(places.private() / "reports" / "report.txt", text.encode())


def _short(plots: pd.DataFrame) -> pd.DataFrame:
    """Numbers as text with ten digits, as in the clean tables; each distinct number is written once."""
    return plots.apply(
        lambda column: (
            column.map({value: f"{value:.10g}" for value in column.dropna().unique()})
            if column.dtype == "float64"
            else column
        )
    )
