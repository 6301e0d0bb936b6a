"""The register of conflicts as a table and two pages: figures, size, cause, rule and effect on the answer."""

from dataclasses import dataclass
from functools import cache

import pandas as pd

from pipeline import tables
from pipeline.contracts import read_clean
from pipeline.language import LANGUAGES, Text, format_number, format_unit
from pipeline.model.regency_figures import FIRST_YEAR, PARENTS
from pipeline.publish.conflict_kinds import (
    BOTH_HEARD,
    EFFECTS,
    UNKNOWN,
    Conflict,
    Figure,
    Quotient,
    Widest,
    regional,
)
from pipeline.publish.conflict_register import REGISTER
from pipeline.publish.estimates import Estimate, Prose, load_estimates
from pipeline.sources import load_raw

STAGES = ("02_clean_drivers", "04_yield_gap", "05_model_evidence", "07_model_pests", "10_scenarios")
UNITS = {"price_idr_per_kg": "Rp/kg", "area_harvested_ha": "ha", "production_t": "t", "anomaly_c": "°C"}
UNITS |= {"log_ratio": "log ratio", "yield_kg_per_ha": "kg/ha", "value": "USD/t"}
INDONESIAN = {"trees": "pohon", "trees/ha": "pohon/ha", "households": "rumah tangga", "ha/household": "ha/rumah tangga"}
PLACES = {"East Kalimantan": "Kalimantan Timur", "North Kalimantan": "Kalimantan Utara"}
QUANTITIES = {
    "production": Text(en="production", id="produksi"),
    "area_total": Text(en="total area", id="luas total"),
    "area_mature": Text(en="mature area", id="luas tanaman menghasilkan"),
    "yield": Text(en="yield", id="produktivitas"),
    "farmers": Text(en="farmers", id="petani"),
}
STATUS = {"final": "tetap", "provisional": "sementara", "estimate": "taksiran", "press": "pers", "potential": "potensi"}
STATUS |= {"medium": "sedang", "low": "rendah", "high": "tinggi"}
WORDS = {
    "head": Text(en="# Conflicts between sources", id="# Pertentangan antarsumber"),
    "intro": Text(
        en="A cause called probable is a judgement. Answers are published estimates or plain divisions.",
        id="Sebab yang disebut kemungkinan adalah penilaian. "
        "Jawaban berasal dari taksiran terbitan atau pembagian biasa.",
    ),
    "columns": Text(en="| figure | value | status | source |", id="| angka | nilai | status | sumber |"),
    "size": Text(en="Size", id="Besarnya"),
    "cause": Text(en="Cause", id="Sebab"),
    "rule": Text(en="Rule", id="Aturan"),
    "effect": Text(en="Effect", id="Pengaruh"),
    "answers": Text(en="Answer on each side", id="Jawaban menurut tiap pihak"),
    "touches": Text(en="Estimates touched", id="Taksiran yang terkait"),
    "difference": Text(en="difference", id="selisih"),
    "outside": Text(en="Figures outside the interval of", id="Angka di luar selang"),
    "times": Text(en="times", id="kali"),
    "other": Text(en="not comparable by size", id="besarnya tidak dapat dibandingkan"),
}
GENERAL_RULE = Text(
    en="Best status first, then fewest warnings, then the first listed. All figures are kept.",
    id="Status terbaik didahulukan, lalu peringatan paling sedikit, lalu yang pertama tercatat. Semua angka disimpan.",
)


@dataclass(frozen=True)
class Found:
    """A figure as its table has it."""

    name: str
    value: float
    unit: str
    status: str
    source_id: str


@cache
def load_table(name: str) -> pd.DataFrame:
    """A clean table, or a raw one by ``raw/NAME`` where cleaning keeps one release only."""
    if name == "raw/faostat_producer_prices":
        return load_raw("faostat_producer_prices", ("year", "value")).astype({"year": int})
    known = {table.name: table for table in tables.TABLES}
    return read_clean(known[name])


def look_up(figure: Figure) -> Found:
    """The one row that the figure names; raises ``KeyError`` when there is none, or more."""
    frame = load_table(figure.table)
    for column, value in figure.where:
        frame = frame[frame[column] == value]
    if len(frame) != 1 or pd.isna(frame[figure.column].iloc[0]):
        raise KeyError(f"{figure.table}: {len(frame)} rows with a {figure.column} have {dict(figure.where)}")
    return _found(figure.table, figure.column, frame.iloc[0], figure.where)


def _found(table: str, column: str, row: pd.Series, where: tuple[tuple[str, str | int], ...]) -> Found:
    known = ("region", "country", "place", "year", "season", "date_from")
    parts = [str(row[key]) for key in known if key in row and pd.notna(row[key])]
    key = " ".join(str(value) for _, value in where)
    unit = row.get("unit", "%" if column == "printed_value" else UNITS.get(column, ""))
    status = row.get("status", row.get("confidence", ""))
    name = f"{table.removeprefix('raw/')}: {key} ({', '.join(parts)})"
    return Found(name, float(row[column]), str(unit), "" if pd.isna(status) else str(status), str(row["source_id"]))


def widest(pair: Widest) -> list[Found]:
    """The two figures that lie furthest apart; zero and missing values have no ratio and are passed over."""
    frame = load_table(pair.table)
    for column, value in pair.where:
        frame = frame[frame[column] == value]
    frame = frame[frame[pair.column].notna() & ((frame[pair.column] > 0) | (pair.by == "difference"))]
    ends = frame.groupby(list(pair.keys))[pair.column].agg(["min", "max"])
    apart = ends["max"] - ends["min"] if pair.by == "difference" else ends["max"] / ends["min"]
    alike = apart.idxmax()
    rows = frame.set_index(list(pair.keys)).sort_index().loc[[alike]].reset_index()
    return [_found(pair.table, pair.column, row, ((pair.side, str(row[pair.side])),)) for _, row in rows.iterrows()]


def figures_of(conflict: Conflict) -> list[Found]:
    """The figures of a conflict, looked up."""
    if isinstance(conflict.figures, Widest):
        return widest(conflict.figures)
    return [look_up(figure) for figure in conflict.figures]


def answers_of(conflict: Conflict, found: list[Found], estimates: dict[str, Estimate]) -> list[Estimate]:
    """The answer on each side; raises ``KeyError`` for an estimate that does not exist."""
    values = [figure.value for figure in found + [look_up(figure) for figure in conflict.beside]]
    answers = []
    for number, answer in enumerate(conflict.answers):
        if isinstance(answer, Quotient):
            value = values[answer.above] / values[answer.below] * answer.factor
            source = tuple(figure.source_id for figure in found)
            name = f"{conflict.name}.{number + 1}"
            answers.append(Estimate(name, value, answer.unit, "", "division of published figures", source, 2))
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
    if quantity not in ("production", "area_total"):
        note = Text(en="No stage computes it.", id="Tidak ada tahap yang menghitungnya.")
        return Conflict(name, title, figures, UNKNOWN, GENERAL_RULE, "unknown", note)
    key = f"reporting_error.{quantity}"
    note = Text(
        en=f"Its ratio is one of those behind the error of a figure, {{{key}}}.",
        id=f"Rasionya termasuk dasar galat satu angka, {{{key}}}.",
    )
    heard = region in PARENTS and year >= FIRST_YEAR
    rule, effect = (BOTH_HEARD, "inside") if heard else (GENERAL_RULE, "error")
    return Conflict(name, title, figures, UNKNOWN, rule, effect, note, touches=(key,))


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
    row |= {"source_ids": ";".join(sorted({figure.source_id for figure in found})), "effect": conflict.effect}
    row |= {"touches": ";".join(estimates[key].key for key in conflict.touches)}
    row |= {"outside": ";".join(figure.name for figure in outside(conflict, found, estimates))}
    row |= {"answers": ";".join(answer.key for answer in answers)}
    row |= {"answer_values": ";".join(f"{answer.value:.6g}" for answer in answers)}
    row |= {"answer_unit": answers[0].unit if answers else ""}
    for language in LANGUAGES:
        row |= {f"{name}_{language}": getattr(conflict, name).in_language(language) for name in ("title", "cause")}
        row |= {f"rule_{language}": conflict.rule.in_language(language)}
        row |= {f"note_{language}": prose.fill(conflict.note, language)}
    return row


def _unit(unit: str, language: str) -> str:
    return INDONESIAN.get(unit, format_unit(unit, language)) if language == "id" else format_unit(unit, language)


def _status(status: str, language: str) -> str:
    return STATUS.get(status, status) if language == "id" else status


def section(conflict: Conflict, row: dict[str, object], estimates: dict[str, Estimate], language: str) -> str:
    """One conflict as a section of the page in one language."""
    word = {name: text.in_language(language) for name, text in WORDS.items()}
    found = figures_of(conflict)
    lines = [f"## {row[f'title_{language}']}", "", word["columns"], "|---|---|---|---|"]
    lines += [
        f"| {figure.name} | {format_number(figure.value, language, 7)} {_unit(figure.unit, language)} "
        f"| {_status(figure.status, language)} | {figure.source_id} |"
        for figure in found
    ]
    size = word["other"]
    if "difference" in row:
        number = format_number(float(str(row["difference"])), language, 4)
        size = f"{word['difference']} {number} {_unit(found[0].unit, language)}"
    if "ratio" in row:
        size += f", {format_number(float(str(row['ratio'])), language)} {word['times']}"
    lines += ["", f"- {word['size']}: {size}"]
    lines += [f"- {word[name]}: {row[f'{name}_{language}']}" for name in ("cause", "rule")]
    lines.append(f"- {word['effect']}: {EFFECTS[conflict.effect].in_language(language)}. {row[f'note_{language}']}")
    if conflict.interval:
        names = "; ".join(figure.name for figure in outside(conflict, found, estimates)) or "0"
        shown_interval = estimates[conflict.interval].text(language)
        lines.append(f"- {word['outside']} `{conflict.interval}`, {shown_interval}: {names}")
    if conflict.answers:
        shown = [
            answer.text(language).replace(answer.unit, _unit(answer.unit, language))
            for answer in answers_of(conflict, found, estimates)
        ]
        lines.append(f"- {word['answers']}: " + "; ".join(shown))
    if conflict.touches:
        lines.append(f"- {word['touches']}: " + ", ".join(f"`{key}`" for key in conflict.touches))
    return "\n".join(lines)


def register() -> tuple[pd.DataFrame, dict[str, str]]:
    """The table of all conflicts, and the page in each language."""
    estimates = published()
    conflicts = [*REGISTER, *automatic()]
    rows = [record(conflict, estimates) for conflict in conflicts]
    pages = {}
    for language in LANGUAGES:
        head = [WORDS["head"].in_language(language), WORDS["intro"].in_language(language)]
        parts = [section(c, row, estimates, language) for c, row in zip(conflicts, rows, strict=True)]
        pages[language] = "\n\n".join(head + parts) + "\n"
    return pd.DataFrame(rows), pages
