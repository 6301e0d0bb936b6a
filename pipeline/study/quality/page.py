"""The data-quality page: gaps, flags, warnings, conflicts and breaks of every clean table; the register of conflicts.

Stage ``data_quality``: ``python -m pipeline.study.quality.page``.
"""

import sys
from collections import Counter

import pandas as pd

from pipeline.kit import paths
from pipeline.kit.data import usage
from pipeline.kit.data.citations import citing, join, sources_in, to_stored
from pipeline.kit.data.contracts import Table, read_clean
from pipeline.kit.language import LANGUAGES, Text, format_number, format_unit
from pipeline.kit.publish.estimates import FROM_FIGURES, Estimate, Prose, load_estimates
from pipeline.kit.publish.keys import Key
from pipeline.kit.stages.inputs import guarded
from pipeline.study.quality.register import (
    EFFECTS,
    REGISTER,
    SHARED,
    TEXTS,
    Conflict,
    Figure,
    Found,
    Quotient,
    Widest,
    figures_of,
    load_table,
    look_up,
    regional,
)
from pipeline.study.statistics.tables import CONFLICTS
from pipeline.study.tables import TABLES
from pipeline.study.yield_gap.official_figures import FIRST_YEAR, PARENTS

INDONESIAN = {"trees": "pohon", "trees/ha": "pohon/ha", "households": "rumah tangga", "ha/household": "ha/rumah tangga"}
STATUS = {"final": "tetap", "provisional": "sementara", "estimate": "taksiran", "press": "pers", "potential": "potensi"}
STATUS |= {"medium": "sedang", "low": "rendah", "high": "tinggi"}
WORDS = TEXTS.group("page")


def _unit(unit: str, language: str) -> str:
    return INDONESIAN.get(unit, format_unit(unit, language)) if language == "id" else format_unit(unit, language)


def _status(status: str, language: str) -> str:
    return STATUS.get(status, status) if language == "id" else status


def section(
    conflict: Conflict,
    row: dict[str, object],
    found: list[Found],
    answers: list[Estimate],
    estimates: dict[str, Estimate],
    language: str,
) -> str:
    """The section: figures with their warnings, size, cause, rule, effect, answers; ``row`` is that of the table."""
    word = {name: text.in_language(language) for name, text in WORDS.items()}
    lines = [f"## {row[f'title_{language}']}", "", word["columns"], "|---|---|---|---|---|"]
    lines += [_figure(figure, language) for figure in found]
    lines += ["", f"- {word['size']}: {_size(row, word, language)}"]
    lines += [f"- {word[name]}: {row[f'{name}_{language}']}" for name in ("cause", "rule")]
    lines.append(f"- {word['effect']}: {EFFECTS[conflict.effect].in_language(language)}. {row[f'note_{language}']}")
    if conflict.interval:
        names = str(row["outside"]).replace(";", "; ") or "0"
        shown_interval = estimates[conflict.interval].text(language)
        lines.append(f"- {word['outside']} `{conflict.interval}`, {shown_interval}: {names}")
    if answers:
        shown = [answer.text(language).replace(answer.unit, _unit(answer.unit, language)) for answer in answers]
        lines.append(f"- {word['answers']}: " + "; ".join(shown))
    if conflict.touches:
        lines.append(f"- {word['touches']}: " + ", ".join(f"`{key}`" for key in conflict.touches))
    return "\n".join(lines)


def _figure(figure: Found, language: str) -> str:
    value = f"{format_number(figure.value, language, 7)} {_unit(figure.unit, language)}"
    warned = usage.in_words(figure.warnings)[language]
    sources = ", ".join(sources_in([figure.source_id]))
    return f"| {figure.name} | {value} | {_status(figure.status, language)} | {warned} | {sources} |"


def _size(row: dict[str, object], word: dict[str, str], language: str) -> str:
    if "difference" not in row:
        return word["other"]
    number = format_number(float(str(row["difference"])), language, 4)
    size = f"{word['difference']} {number} {_unit(str(row['unit']), language)}"
    if "ratio" in row:
        size += f", {format_number(float(str(row['ratio'])), language)} {word['times']}"
    return size


STAGES = (
    "02_clean_drivers",
    "04_yield_gap",
    "05_model_evidence",
    "06_model_fertilizer",
    "07_model_pests",
    "10_scenarios",
)
PLACES = {"East Kalimantan": "Kalimantan Timur", "North Kalimantan": "Kalimantan Utara"}
QUANTITIES = TEXTS.group("quantities")


def answers_of(conflict: Conflict, found: list[Found], estimates: dict[str, Estimate]) -> list[Estimate]:
    """The answer on each side; raises ``KeyError`` for an estimate that does not exist."""
    values = [figure.value for figure in found + [look_up(figure) for figure in conflict.beside]]
    answers = []
    for number, answer in enumerate(conflict.answers):
        if isinstance(answer, Quotient):
            value = values[answer.above] / values[answer.below] * answer.factor
            source = tuple(figure.source_id for figure in found)
            key = Key(conflict.name, (str(number + 1),))
            how = "division of published figures"
            answers.append(Estimate(key, value, answer.unit, "", how, source, 2, value_is=FROM_FIGURES))
        else:
            answers.append(estimates[answer])
    return answers


def automatic() -> list[Conflict]:
    """Conflicts found by comparing figures that no entry of the register covers."""
    covered = [{str(f.where[0][1]) for f in c.figures} for c in REGISTER if not isinstance(c.figures, Widest)]
    conflicts = []
    for row in load_table("conflicts").itertuples(index=False):
        ids = str(row.figure_ids).split(";")
        if any(set(ids) <= group for group in covered):
            continue
        conflicts.append(_unjudged("_".join(ids), str(row.region), int(row.year), str(row.quantity), regional(*ids)))
    return conflicts


def _unjudged(name: str, region: str, year: int, quantity: str, figures: tuple[Figure, ...]) -> Conflict:
    """A conflict nobody has judged: its cause is not known; what becomes of it follows from the models' rules."""
    title = Text(
        *(
            f"{PLACES.get(region, region) if language == 'id' else region}, {year}: "
            f"{QUANTITIES[quantity.split(' ')[0]].in_language(language)}"
            for language in LANGUAGES
        )
    )
    words = {"title": title, "cause": SHARED["not_known"], "rule": SHARED["general_rule"], "note": SHARED["no_stage"]}
    if quantity not in ("production", "area_total"):
        return Conflict(name, figures, "unknown", words)
    key = f"reporting_error.{quantity}"
    words["note"] = SHARED["in_the_error"].fill(error=f"{{{key}}}")
    if region in PARENTS and year >= FIRST_YEAR:
        return Conflict(name, figures, "inside", words | {"rule": SHARED["both_heard"]}, touches=(key,))
    return Conflict(name, figures, "error", words, touches=(key,))


def outside(conflict: Conflict, found: list[Found], estimates: dict[str, Estimate]) -> list[Found]:
    """Figures that lie outside the interval of the estimate of their quantity, where the entry names one."""
    if not conflict.interval:
        return []
    estimate = estimates[conflict.interval]
    return [figure for figure in found if not estimate.lower <= figure.value <= estimate.upper]


def published() -> dict[str, Estimate]:
    """Estimates of the stages that the register names, by key."""
    return {key: estimate for stage in STAGES for key, estimate in load_estimates(stage).items()}


def record(conflict: Conflict, estimates: dict[str, Estimate]) -> dict[str, object]:
    """One conflict as a row of the table; a size is given only for figures of one unit."""
    found = figures_of(conflict)
    answers = answers_of(conflict, found, estimates)
    values = [figure.value for figure in found]
    same = len({figure.unit for figure in found}) == 1
    prose = Prose(estimates.values())
    row: dict[str, object] = {"conflict": conflict.name, "n_figures": len(found)}
    row |= {"lowest": min(values), "highest": max(values), "unit": found[0].unit} if same else {}
    row |= {"difference": max(values) - min(values)} if same else {}
    row |= {"ratio": max(values) / min(values)} if same and min(values) > 0 else {}
    row |= {"figures": ";".join(figure.name for figure in found)}
    row |= {"source_ids": join(*(figure.source_id for figure in found)), "effect": conflict.effect}
    warned = {word for figure in found for word in figure.warnings}
    row |= {"warnings": ";".join(word for word in usage.WARNINGS if word in warned)}
    row |= {"touches": ";".join(str(estimates[key].key) for key in conflict.touches)}
    row |= {"outside": ";".join(figure.name for figure in outside(conflict, found, estimates))}
    row |= {"answers": ";".join(str(answer.key) for answer in answers)}
    row |= {"answer_values": ";".join(f"{answer.value:.6g}" for answer in answers)}
    row |= {"answer_unit": answers[0].unit if answers else ""}
    for language in LANGUAGES:
        row |= {f"{name}_{language}": conflict.words[name].in_language(language) for name in ("title", "cause")}
        row |= {f"rule_{language}": conflict.words["rule"].in_language(language)}
        row |= {f"note_{language}": prose.fill(conflict.words["note"], language)}
    return row


def register() -> tuple[pd.DataFrame, dict[str, str]]:
    """The table of all conflicts, and the page in each language."""
    estimates, rows = published(), []
    pages = {language: [WORDS[name].in_language(language) for name in ("head", "intro")] for language in LANGUAGES}
    for conflict in (*REGISTER, *automatic()):
        rows.append(record(conflict, estimates))
        found = figures_of(conflict)
        answers = answers_of(conflict, found, estimates)
        for language, parts in pages.items():
            parts.append(section(conflict, rows[-1], found, answers, estimates, language))
    return pd.DataFrame(rows), {language: "\n\n".join(parts) + "\n" for language, parts in pages.items()}


FOLDER = paths.RESULTS / "data_quality"
HEAD = """# Mutu data / Data quality

Setiap tabel bersih: sel kosong yang diizinkan, tanda, dan peringatan. Tidak ada yang diisi atau dibuang diam-diam.
Every clean table: gaps that its contract allows, flags and warnings. Nothing is filled in or dropped silently.

"""


def count(table: Table, frame: pd.DataFrame) -> list[tuple[str, str, str, int, str]]:
    """Counts of one table as rows (table, kind, name, number, source_id): rows, gaps per column, flags, warnings.

    Every count is over all rows, so it cites what all of them cite.
    """
    found = [("rows", "", len(frame))]
    found += [("gap", column.name, int(frame[column.name].isna().sum())) for column in table.columns]
    found += [("flag", column.name, int(frame[column.name].sum())) for column in table.columns if column.kind == "flag"]
    if "warnings" in frame:
        words = Counter(word for text in frame["warnings"].dropna() for word in text.split(";") if word)
        found += [("warning", word, number) for word, number in sorted(words.items())]
    if table == CONFLICTS:
        found.append(("conflict", "figures involved", int(frame["n_figures"].sum())))
    cited = join(*frame[citing(frame)[0]].dropna())
    return [(table.name, kind, name, number, cited) for kind, name, number in found if kind == "rows" or number]


def page(counts: pd.DataFrame) -> str:
    """The counts as a Markdown page, one section per table."""
    sections = []
    for name, rows in counts.groupby("table", sort=False):
        lines = [f"## {name}", "", "| | | n |", "|---|---|---|"]
        lines += [f"| {row.kind} | {row.name} | {row.number} |" for row in rows.itertuples(index=False)]
        sections.append("\n".join(lines))
    return HEAD + "\n\n".join(sections) + "\n"


def main() -> int:
    """Count and write the table and the page."""
    rows = [row for table in TABLES for row in count(table, read_clean(table))]
    counts = pd.DataFrame(rows, columns=["table", "kind", "name", "number", "source_id"])
    FOLDER.mkdir(parents=True, exist_ok=True)
    to_stored(counts).to_csv(FOLDER / "data_quality.csv", index=False, lineterminator="\n")
    (FOLDER / "data_quality.md").write_text(page(counts), encoding="utf-8")
    conflicts, pages = register()
    to_stored(conflicts).to_csv(FOLDER / "conflicts.csv", index=False, lineterminator="\n", float_format="%.10g")
    for language, text in pages.items():
        (FOLDER / f"conflicts.{language}.md").write_text(text, encoding="utf-8")
    print(f"data_quality: {len(TABLES)} tables, {len(counts)} counts, {len(conflicts)} conflicts")
    return 0


if __name__ == "__main__":
    sys.exit(guarded("data_quality", main))
