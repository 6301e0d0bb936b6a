"""A study from a file that a person fills in to rows of the raw tables: a template, what it lacks, and what it adds.

The file holds one study: its source, its arms and its contrasts. Nothing is written to ``data/raw`` before the file
passes every check of stage 03, and what is written can be seen and undone with git.
"""

import datetime
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from pipeline.kit import paths, yaml_text
from pipeline.kit.data import usage
from pipeline.kit.data.contracts import ContractError, validate
from pipeline.kit.data.sources import (
    READ_AS,
    READINGS,
    REDISTRIBUTE,
    SourceError,
    is_copy,
    load_registry,
    read_csv,
    sha256,
)
from pipeline.refresh.command import add_records
from pipeline.refresh.fetch import RefreshError
from pipeline.study.evidence.clean import EFFECT_NUMBERS, EvidenceError, effects_of
from pipeline.study.evidence.tables import (
    CONSTRAINTS,
    CONTRAST_KINDS,
    EFFECTS,
    OUTCOMES,
    POOLABLE_DESIGNS,
    RISKS_OF_BIAS,
)

NAME = re.compile(r"[a-z][a-z0-9_]{2,40}")
TABLES = {"studies": "evidence_studies", "arms": "evidence_arms", "contrasts": "effects"}
# What cannot be left empty; all else is empty when it is not printed.
NEEDED = {
    "source": ("title", "publisher", "citation", "url", "date_read", "read_as"),
    "study": ("programme", "title", "country", "design", "risk_of_bias", "risk_why"),
    "arms": ("label",),
    "contrasts": (
        *("constraint", "kind", "arm", "comparator", "outcome", "unit", "effect_type", "significance", "direction"),
        *("directness_place", "directness_material", "directness_practice", "confidence", "place", "words"),
    ),
}
TEMPLATE = """\
# One study of what a measure does to cacao. Leave empty (~) what is not printed; 0 means none.
# cacao evidence check FILE says what is missing; cacao evidence add FILE writes the rows.
source:
  title: ~
  publisher: ~  # journal and volume, or who published it
  year: ~
  citation: ~
  url: ~  # where it is published
  date_read: {today}
  read_as: abstract  # {read_as}
  redistribute: facts_only  # {redistribute}
  kept_file: ~  # path of the file that was read, if it is kept; its hash is recorded
study:
  study_id: {study}
  programme: {study}  # the same word for studies of one trial or programme
  title: ~
  country: ~
  region: ~
  design: ~  # {designs}
  setting: ~  # farm, station
  randomization: ~  # randomized, not_randomized, not_stated
  n: ~  # plots, farms or people in the contrast
  n_unit: ~
  replications: ~
  crop_stage: ~  # immature, mature, old, mixed, unknown
  tree_age_low: ~
  tree_age_high: ~
  material: ~
  soil_ph: ~
  shade: ~
  risk_of_bias: ~  # {risks}
  risk_why: ~  # one line
arms:
  # What each arm got. Nutrients are elements, kg/ha and year.
  measure: {{label: ~, n_kg_per_ha: ~, p_kg_per_ha: ~, k_kg_per_ha: ~, organic_kg_per_tree: ~, other: ~}}
  control: {{label: ~, n_kg_per_ha: ~, p_kg_per_ha: ~, k_kg_per_ha: ~, organic_kg_per_tree: ~, other: ~}}
contrasts:
  - constraint: ~  # {constraints}
    kind: ~  # {kinds}
    arm: measure
    comparator: control
    outcome: yield  # {outcomes}
    basis: ~  # per_ha, per_tree, per_pod, per_farm, share, index, unknown
    season: ~
    effect_type: mean_diff  # mean_diff (give both means), percent_change, percent_loss (give effect_value)
    control_mean: ~
    control_se: ~
    treatment_mean: ~
    treatment_se: ~
    unit: ~
    effect_value: ~
    effect_se: ~
    ci_low: ~
    ci_high: ~
    p_value: ~
    significance: ~  # significant, not_significant, not_printed
    direction: ~  # up, down, none
    directness_place: ~  # borneo, indonesia, asia_pacific, elsewhere
    directness_material: ~  # like, unlike, unknown
    directness_practice: ~  # like, unlike
    confidence: ~  # low, medium, high
    warnings: ~
    note: ~
    place: ~  # where it stands in the source: "Table 4", "abstract"
    words: ~  # the shortest words there that hold the figure
"""


# A range that is printed without a level is taken to hold so much; it moves no contrast that prints its means.
PRINTED_RANGE = 0.9


POSITIVE = {"n", "replications", "control_mean", "treatment_mean", "control_se", "treatment_se", "effect_se"}
EFFECT_TYPES = ("mean_diff", "percent_change", "percent_loss")
SOURCE_GIVEN = {*NEEDED["source"], "year", "redistribute", "kept_file"}
# No mean of a field is known better than to so much of itself.
LEAST_ERROR = 1e-4


class StudyError(SourceError):
    """A study file that cannot be used as it is; the message lists everything that is wrong."""


@dataclass(frozen=True)
class NewStudy:
    """The rows that a study file adds, by table, its source record, and what becomes of its contrasts."""

    source_id: str
    record: dict[str, Any]
    rows: dict[str, pd.DataFrame]
    contrasts: pd.DataFrame


def template(study: str) -> Path:
    """Write an empty file for a study to ``scratch``; never over one that is there.

    Raises ``StudyError`` for a name that is no lower-case word, that is taken, or whose file is there.
    """
    path = paths.output(paths.ROOT / f"{study}.yaml")
    if not NAME.fullmatch(study):
        raise StudyError(f"{study!r}: a study is named by small letters, digits and _, as in hoffmann2020")
    if study in set(read_csv(paths.RAW / "evidence_studies.csv")["study_id"]):
        raise StudyError(f"{study} is in data/raw/evidence_studies.csv already")
    if path.exists():
        raise StudyError(f"{paths.shown(path)} is there already: fill it in, or remove it")
    lists = {
        "designs": POOLABLE_DESIGNS,
        "risks": RISKS_OF_BIAS,
        "read_as": sorted(READ_AS),
        "redistribute": sorted(REDISTRIBUTE),
        "constraints": CONSTRAINTS,
        "kinds": CONTRAST_KINDS,
        "outcomes": OUTCOMES,
    }
    words = {name: ", ".join(values) for name, values in lists.items()}
    path.parent.mkdir(exist_ok=True)
    path.write_text(TEMPLATE.format(study=study, today=datetime.date.today(), **words), encoding="utf-8")
    return path


def read(path: Path) -> NewStudy:
    """The rows that a study file adds; raises ``StudyError`` that lists all that is missing, or not as it must be."""
    try:
        given = yaml_text.read(path)
    except ValueError as error:  # also a day that no month has
        raise StudyError(f"{path.name} cannot be read: {error}") from error
    shape = isinstance(given, dict) and set(given) == {"source", "study", "arms", "contrasts"}
    if not shape or not all(isinstance(given[part], dict) for part in ("source", "study", "arms")):
        raise StudyError(f"{path.name} must hold the four parts source, study, arms and contrasts")
    if not isinstance(given["contrasts"], list) or not given["contrasts"]:
        raise StudyError(f"{path.name}: contrasts must be a list of one or more")
    if problems := [*_odd(given)] or [*_missing(given), *_unknown(given), *_impossible(given)]:
        raise StudyError(f"{path.name}:\n  " + "\n  ".join(problems))
    study = str(given["study"]["study_id"])
    source = f"study_{study}"
    rows = _rows(given, study, source)
    tables = {name: read_csv(paths.RAW / f"{table}.csv") for name, table in TABLES.items()}
    joined = {name: pd.concat([tables[name], rows[name]], ignore_index=True) for name in TABLES}
    try:
        numbers = {name: _numbers(frame, name) for name, frame in joined.items()}
        clean = effects_of(numbers["contrasts"], numbers["studies"], numbers["arms"], PRINTED_RANGE)
        own = clean[clean["effect_id"].isin(rows["contrasts"]["effect_id"])]
        validate(EFFECTS, own.reset_index(drop=True))
    except (EvidenceError, ContractError) as error:
        raise StudyError(f"{path.name}: {error}") from error
    return NewStudy(source, _record(given["source"]), rows, own)


def add(new: NewStudy) -> None:
    """Write the rows and the records of a study to ``data/raw``; all files or none."""
    try:
        add_records(new.source_id, new.record, {TABLES.get(name, name): rows for name, rows in new.rows.items()})
    except RefreshError as error:
        raise StudyError(str(error)) from error


def said(new: NewStudy) -> str:
    """What becomes of each contrast, in a line each."""
    lines = []
    for row in new.contrasts.itertuples():
        what = f"ratio {np.exp(row.log_ratio):.3g}" if np.isfinite(row.log_ratio) else "no ratio"
        if row.is_censored:
            what = "only not significant"
        becomes = f"pooled under {row.measure}" if row.is_poolable else f"kept, not pooled: {row.reason_not_pooled}"
        lines.append(f"{row.effect_id} {row.kind}, {row.outcome}: {what}; {becomes}")
    return "\n".join(lines)


def _parts(given: dict[str, Any]) -> list[tuple[str, Any]]:
    parts = [("source", given["source"]), ("study", given["study"])]
    parts += [(f"arms.{name}", arm) for name, arm in given["arms"].items()]
    return parts + [(f"contrasts[{number}]", contrast) for number, contrast in enumerate(given["contrasts"], 1)]


def _odd(given: dict[str, Any]) -> Iterator[str]:
    """Parts that hold no fields, and values that are no single line of text, number or day."""
    for where, part in _parts(given):
        if part is not None and not isinstance(part, dict):
            yield f"{where} must hold fields, not {part!r}"
            continue
        for name, value in (part or {}).items():
            if value is not None and not isinstance(value, str | int | float | datetime.date):
                yield f"{where}.{name} must be one value, not {value!r}"
            if isinstance(value, datetime.datetime):
                yield f"{where}.{name}: {value} is no day, as 2026-11-30"
            if isinstance(value, str) and not value.isprintable():
                yield f"{where}.{name} holds a line break or a control character: {value!r}"


def _impossible(given: dict[str, Any]) -> Iterator[str]:
    """Numbers that cannot be, and contrasts that contradict themselves."""
    for where, part in _parts(given):
        for name in POSITIVE & set(part or {}):
            value = part[name]
            if value is not None and not (isinstance(value, int | float) and 0 < value < 1e9):
                yield f"{where}.{name}: {value!r} is no number above zero"
    for where, year in (("source", given["source"].get("year")), ("study", given["study"].get("year"))):
        if year is not None and not (isinstance(year, int) and 1800 <= year <= datetime.date.today().year):
            yield f"{where}.year: {year!r} is no year up to this one"
    if not str(given["source"].get("url") or "").startswith(("https://", "http://")):
        yield "source.url must begin with https:// or http://"
    for number, contrast in enumerate(given["contrasts"], 1):
        where = f"contrasts[{number}]"
        before, after = contrast.get("control_mean"), contrast.get("treatment_mean")
        if contrast.get("effect_type") not in EFFECT_TYPES:
            yield f"{where}.effect_type: {contrast.get('effect_type')!r} is not one of {', '.join(EFFECT_TYPES)}"
        for side, mean in (("control", before), ("treatment", after)):
            error = contrast.get(f"{side}_se")
            if isinstance(mean, int | float) and isinstance(error, int | float) and error < LEAST_ERROR * mean:
                yield f"{where}.{side}_se: {error!r} is no error of a mean of {mean!r}"
        if isinstance(before, int | float) and isinstance(after, int | float):
            way = "up" if after > before else "down" if after < before else "none"
            if contrast.get("direction") not in (way, "none"):
                yield f"{where}.direction is {contrast.get('direction')}, but the means go {way}"
        for warning in str(contrast.get("warnings") or "").split(";"):
            if warning and warning not in usage.WARNINGS:
                yield f"{where}.warnings: {warning!r} is not one of {', '.join(usage.WARNINGS)}"


def _missing(given: dict[str, Any]) -> list[str]:
    found = [
        f"{where}.{name} is empty"
        for where, part in _parts(given)
        for name in NEEDED[re.split(r"[.\[]", where)[0]]
        if not str((part or {}).get(name) or "").strip()
    ]
    for number, contrast in enumerate(given["contrasts"], 1):
        has_means = contrast.get("control_mean") is not None and contrast.get("treatment_mean") is not None
        if not (has_means or contrast.get("effect_value") is not None or contrast.get("significance") != "not_printed"):
            found.append(f"contrasts[{number}]: neither two means, nor effect_value, nor a word on significance")
    return found


def _unknown(given: dict[str, Any]) -> list[str]:
    """Fields that no table has, arms that are not there, and a study or source that is there already."""
    columns = {name: set(read_csv(paths.RAW / f"{table}.csv")) for name, table in TABLES.items()}
    extra = {"arm", "comparator", "place", "words"}
    found = [f"study.{name}: no such column" for name in set(given["study"]) - columns["studies"]]
    found += [f"source.{name}: no such field" for name in set(given["source"]) - SOURCE_GIVEN]
    for arm, values in given["arms"].items():
        found += [f"arms.{arm}.{name}: no such column" for name in set(values or {}) - columns["arms"]]
    for number, contrast in enumerate(given["contrasts"], 1):
        where = f"contrasts[{number}]"
        found += [f"{where}.{name}: no such column" for name in set(contrast) - columns["contrasts"] - extra]
        found += [
            f"{where}.{side}: {contrast.get(side)!r} is none of the arms {', '.join(given['arms'])}"
            for side in ("arm", "comparator")
            if contrast.get(side) not in given["arms"]
        ]
    for name, allowed in (("read_as", READ_AS), ("redistribute", REDISTRIBUTE)):
        value = given["source"].get(name)
        if value is not None and value not in allowed:
            found.append(f"source.{name}: {value!r} is not one of {', '.join(sorted(allowed))}")
    if not isinstance(day := given["source"].get("date_read"), datetime.date) or day > datetime.date.today():
        found.append(f"source.date_read: {day!r} is no day up to today, as in 2026-11-30")
    if (kept := given["source"].get("kept_file")) and not Path(str(kept)).is_file():
        found.append(f"source.kept_file: there is no file {kept!r}")
    study = str(given["study"].get("study_id"))
    if not NAME.fullmatch(study):
        found.append(f"study.study_id: {study!r} must be small letters, digits and _")
    if study in set(read_csv(paths.RAW / "evidence_studies.csv")["study_id"]):
        found.append(f"study.study_id: {study} is in evidence_studies.csv already")
    if f"study_{study}" in load_registry()["sources"]:
        found.append(f"study.study_id: a source study_{study} is in sources.yaml already")
    return found


def _rows(given: dict[str, Any], study: str, source: str) -> dict[str, pd.DataFrame]:
    tables = {name: read_csv(paths.RAW / f"{table}.csv") for name, table in TABLES.items()}
    last = int(tables["contrasts"]["effect_id"].str.removeprefix("E").astype(int).max())
    contrasts = [
        {
            **contrast,
            "effect_id": f"E{last + number:03d}",
            "study_id": study,
            "arm_id": f"{study}.{contrast['arm']}",
            "comparator_arm_id": f"{study}.{contrast['comparator']}",
            "intervention": contrast.get("intervention") or given["arms"][contrast["arm"]]["label"],
            "comparator": given["arms"][contrast["comparator"]]["label"],
        }
        for number, contrast in enumerate(given["contrasts"], 1)
    ]
    arms = [{**arm, "arm_id": f"{study}.{name}", "study_id": study} for name, arm in given["arms"].items()]
    found = {
        "studies": _as_table([given["study"] | {"read_as": given["source"]["read_as"]}], tables["studies"], source),
        "arms": _as_table(arms, tables["arms"], source),
        "contrasts": _as_table(contrasts, tables["contrasts"], source),
    }
    readings = [
        {
            "table": "effects",
            "row_id": row["effect_id"],
            "place": row["place"],
            "words": row["words"],
            "read_on": given["source"]["date_read"],
        }
        for row in contrasts
    ]
    return found | {READINGS: _as_table(readings, read_csv(paths.RAW / f"{READINGS}.csv"), source)}


def _as_table(rows: list[dict[str, Any]], like: pd.DataFrame, source: str) -> pd.DataFrame:
    """Rows with the columns of a raw table, as text; what is empty is missing."""
    frame = pd.DataFrame([{**row, "source_id": source} for row in rows]).reindex(columns=like.columns)
    return frame.map(lambda value: None if value is None or value != value else str(value).strip()).astype("str")


def _numbers(frame: pd.DataFrame, name: str) -> pd.DataFrame:
    """A raw table with the columns of numbers that stage 03 reads; raises ``StudyError`` for what is no number."""
    numbers = {"contrasts": EFFECT_NUMBERS, "studies": ("year", "n"), "arms": ("n_kg_per_ha",)}[name]
    for column in numbers:
        try:
            frame[column] = pd.to_numeric(frame[column])
        except ValueError as error:
            raise StudyError(f"{TABLES[name]}, column {column}: {error}") from error
    return frame


def _record(source: dict[str, Any]) -> dict[str, Any]:
    return {
        "title": source["title"],
        "publisher": source["publisher"],
        "year": source.get("year"),
        "citation": source["citation"],
        "url": None if is_copy(source["url"]) else source["url"],
        "read_at": {"url": source["url"], "commit": None, "file": None} if is_copy(source["url"]) else None,
        "date_read": str(source["date_read"]),
        "file_sha256": sha256(Path(source["kept_file"])) if source.get("kept_file") else None,
        "licence": {"name": "not stated", "url": None, "confirmed": False},
        "redistribute": source.get("redistribute") or "facts_only",
        "read_as": source["read_as"],
        "contact": None,
        "notes": None,
    }
