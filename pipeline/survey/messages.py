"""What the import says of a problem, in plain Indonesian and English."""

from collections.abc import Sequence

import pandas as pd

from pipeline.kit.language import Text, read_texts
from pipeline.survey.forgetting import Cleared
from pipeline.survey.questions import Form

TEXTS = read_texts(__file__)
PROBLEMS = TEXTS.group("problems")
MOST_SHOWN = 10


def told(name: str, /, **values: object) -> str:
    """A message of the commands, in both languages."""
    return both(TEXTS.text(f"told.{name}").fill(**values))


def both(text: Text) -> str:
    """A text in Indonesian and in English, on one line."""
    return f"{text.id} / {text.en}"


def clears(gone: Cleared) -> str:
    """What a file that clears several is refused with: which stored submissions it would clear, and how to go on."""
    parts = []
    if gone.refused:
        parts.append(TEXTS.text("lost.refused").fill(number=len(gone.refused), ids=_shown(gone.refused)))
    if gone.emptied:
        parts.append(_emptied(gone.emptied))
    what = Text("; ".join(part.en for part in parts), "; ".join(part.id for part in parts))
    return told("would_clear", what=what)


def emptied(answers: dict[str, int]) -> str:
    """What is told of a file that was taken although stored submissions lost answers by it."""
    return both(_emptied(answers))


def _emptied(answers: dict[str, int]) -> Text:
    lost = TEXTS.text("lost.emptied")
    return lost.fill(number=len(answers), answers=sum(answers.values()), ids=_shown(list(answers)))


def _shown(ids: list[str]) -> str:
    return ", ".join(ids[:MOST_SHOWN]) + (", ..." if len(ids) > MOST_SHOWN else "")


def left_behind(unreadable: list[str], strangers: int) -> list[str]:
    """What in the private folder somebody must look at: files that cannot be read, files of unknown origin."""
    lines = [told("unreadable", name=name) for name in unreadable]
    return [*lines, told("strangers", number=strangers)] if strangers else lines


# What a reader types or looks at, in the order of the texts of ``after_forgetting``.
PLACES = ("dvc repro", "dvc gc --workspace", "server KoboToolbox/ODK", "salinan lain / other copies")


def after_forgetting() -> str:
    """What remains to be done by hand once the records of a farmer are deleted."""
    texts = zip(PLACES, TEXTS.group("after_forgetting").values(), strict=True)
    return "\n".join(["Masih perlu / still to be done:", *(f"  {place:<28}{both(text)}" for place, text in texts)])


def with_words(problems: pd.DataFrame, form: Form) -> pd.DataFrame:
    """Problems with the labels of their questions and their reasons in both languages."""
    return problems.assign(
        question_id=[form.label(name, "id") for name in problems["question"]],
        question_en=[form.label(name, "en") for name in problems["question"]],
        reason_id=[PROBLEMS[code].id for code in problems["code"]],
        reason_en=[PROBLEMS[code].en for code in problems["code"]],
    )


def report(counts: dict[str, int], problems: pd.DataFrame, notes: Sequence[str]) -> str:
    """The report for those who collect: counts, what was odd in the file, and every problem; it is private."""
    lines = ["LAPORAN PEMASUKAN SURVEI / REPORT OF THE SURVEY IMPORT", "", *summary(counts), "", *notes, ""]
    for row in problems.itertuples():
        lines += [
            f"{row.id}  [{row.question}]  {row.value!r}",
            *([f"  berkas/file {row.file}, {row.sheet}, baris/row {row.row}, {row.column}"] if row.file else []),
            f"  {row.question_id}: {row.reason_id}.",
            f"  {row.question_en}: {row.reason_en}.",
        ]
    return "\n".join(lines) + "\n"


def summary(counts: dict[str, int]) -> list[str]:
    """Counts only, nothing of any person; this is what the screen shows."""
    return [f"{counts[name]:>8} {both(text)}" for name, text in TEXTS.group("counts").items()]
