"""Where an answer stands in the files of an import, so that whoever corrects it finds it."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import pandas as pd

from pipeline.survey.names import Form

WHERE = ("file", "sheet", "row", "column")


@dataclass
class Locations:
    """Rows of submissions by file, sheet and row, and the headers of questions by file and sheet."""

    rows: list[pd.DataFrame] = field(default_factory=list)
    headers: dict[tuple[str, str, str], str] = field(default_factory=dict)

    def add(self, owners: pd.Series, sheet: str, repeat: str, raw: pd.DataFrame, form: Form) -> None:
        """Note the rows of a sheet, whose index is the number of the row, with the submission each belongs to."""
        rows = {"owner": owners, "repeat": repeat, "sheet": sheet, "row": raw.index.astype(str), "file": ""}
        self.rows.append(pd.DataFrame(rows, dtype=object))
        for header in raw.columns:
            for question, _ in form.find(header, repeat)[:1]:
                self.headers.setdefault(("", sheet, question.name), header)

    def of_file(self, file: str) -> "Locations":
        """The same, under the name of their file."""
        headers = {(file, sheet, question): header for (_, sheet, question), header in self.headers.items()}
        return Locations([rows.assign(file=file) for rows in self.rows], headers)


def located(problems: pd.DataFrame, files: Sequence[Locations], form: Form) -> pd.DataFrame:
    """Problems with the columns ``WHERE``, empty for submissions that none of the files holds.

    Several rows of a repeat are told together, for the problem may lie in any of them.
    """
    rows = [rows for file in files for rows in file.rows]
    headers = {place: header for file in files for place, header in file.headers.items()}
    if not rows or problems.empty:
        return problems.assign(**dict.fromkeys(WHERE, ""))
    asked = {question.name: question.repeat for question in form.questions}
    wanted = problems[["id", "question"]].drop_duplicates()
    wanted = wanted.assign(repeat=wanted["question"].map(asked).fillna(""))
    owned = pd.concat(rows)
    owned = owned[owned["owner"].isin(set(wanted["id"]))]
    found = wanted.merge(owned, left_on=["id", "repeat"], right_on=["owner", "repeat"])
    # The last file is the newest.
    found = found[found["file"] == found.groupby(["id", "question"])["file"].transform("last")]
    found = found.groupby(["id", "question"], sort=False).agg(
        file=("file", "last"), sheet=("sheet", "last"), row=("row", ", ".join)
    )
    found = found.reset_index()
    keys = found[["file", "sheet", "question"]].itertuples(index=False, name=None)
    found["column"] = [headers.get(key, key[2]) for key in keys]
    placed = problems.merge(found, how="left", on=["id", "question"])
    placed[list(WHERE)] = placed[list(WHERE)].astype(object).fillna("")
    return placed
