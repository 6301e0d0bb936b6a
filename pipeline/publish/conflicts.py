"""The register of conflicts as a table and two pages: figures, size, cause, rule and effect on the answer."""

import pandas as pd

from pipeline import usage
from pipeline.language import LANGUAGES, Text
from pipeline.model.regency_figures import FIRST_YEAR, PARENTS
from pipeline.publish.conflict_figures import Found, figures_of, load_table, look_up
from pipeline.publish.conflict_kinds import BOTH_HEARD, UNKNOWN, Conflict, Figure, Quotient, Widest, regional
from pipeline.publish.conflict_page import WORDS, section
from pipeline.publish.conflict_register import REGISTER
from pipeline.publish.estimates import Estimate, Prose, load_estimates

STAGES = (
    "02_clean_drivers",
    "04_yield_gap",
    "05_model_evidence",
    "06_model_fertilizer",
    "07_model_pests",
    "10_scenarios",
)
PLACES = {"East Kalimantan": "Kalimantan Timur", "North Kalimantan": "Kalimantan Utara"}
QUANTITIES = {
    "production": Text(en="production", id="produksi"),
    "area_total": Text(en="total area", id="luas total"),
    "area_mature": Text(en="mature area", id="luas tanaman menghasilkan"),
    "yield": Text(en="yield", id="produktivitas"),
    "farmers": Text(en="farmers", id="petani"),
}
GENERAL_RULE = Text(
    en="Best status first, then fewest warnings, then the first listed. All figures are kept.",
    id="Status terbaik didahulukan, lalu peringatan paling sedikit, lalu yang pertama tercatat. Semua angka disimpan.",
)


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
    warned = {word for figure in found for word in figure.warnings}
    row |= {"warnings": ";".join(word for word in usage.WARNINGS if word in warned)}
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
