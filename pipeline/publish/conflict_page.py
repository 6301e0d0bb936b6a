"""One conflict as a section of the page in one language."""

from pipeline import usage
from pipeline.language import Text, format_number, format_unit
from pipeline.publish.conflict_figures import Found
from pipeline.publish.conflict_kinds import EFFECTS, Conflict
from pipeline.publish.estimates import Estimate

INDONESIAN = {"trees": "pohon", "trees/ha": "pohon/ha", "households": "rumah tangga", "ha/household": "ha/rumah tangga"}
STATUS = {"final": "tetap", "provisional": "sementara", "estimate": "taksiran", "press": "pers", "potential": "potensi"}
STATUS |= {"medium": "sedang", "low": "rendah", "high": "tinggi"}
WORDS = {
    "head": Text(en="# Conflicts between sources", id="# Pertentangan antarsumber"),
    "intro": Text(
        en="A cause called probable is a judgement. Answers are published estimates or plain divisions.",
        id="Sebab yang disebut kemungkinan adalah penilaian. "
        "Jawaban berasal dari taksiran terbitan atau pembagian biasa.",
    ),
    "columns": Text(
        en="| figure | value | status | warnings | source |", id="| angka | nilai | status | peringatan | sumber |"
    ),
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
    return f"| {figure.name} | {value} | {_status(figure.status, language)} | {warned} | {figure.source_id} |"


def _size(row: dict[str, object], word: dict[str, str], language: str) -> str:
    if "difference" not in row:
        return word["other"]
    number = format_number(float(str(row["difference"])), language, 4)
    size = f"{word['difference']} {number} {_unit(str(row['unit']), language)}"
    if "ratio" in row:
        size += f", {format_number(float(str(row['ratio'])), language)} {word['times']}"
    return size
