"""The registry of raw sources stops on every kind of damage, and raw cells arrive as they were typed."""

import contextlib
import csv
import datetime
import io
import math
import re
import shutil

import numpy as np
import pandas as pd
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from pipeline.kit import paths
from pipeline.kit.data import sources
from pipeline.kit.data.sources import SourceError, load_raw, read_csv, to_numbers, verify


def write(tmp_path, content: bytes):
    path = tmp_path / "figures.csv"
    path.write_bytes(content)
    return path


def load_yaml(path):
    """The registry; in C, for it is long."""
    return yaml.load(path.read_text(encoding="utf-8"), yaml.CSafeLoader)


def write_yaml(path, registry) -> None:
    path.write_text(yaml.dump(registry, Dumper=yaml.CSafeDumper, sort_keys=False, allow_unicode=True), encoding="utf-8")
    sources.load_registry.cache_clear()


def edit_registry(raw, old: str, new: str) -> None:
    path = raw / "sources.yaml"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    sources.load_registry.cache_clear()


def edit_table(raw, name: str, old: str, new: str) -> None:
    """Change a table and record its new hash, as someone would who edits a table on purpose."""
    path = raw / name
    before, text = sources.sha256(path), path.read_text(encoding="utf-8")
    assert old in text
    path.write_bytes(text.replace(old, new, 1).encode("utf-8"))
    edit_registry(raw, before, sources.sha256(path))


# The registry as it is.


def test_real_raw_tables_are_as_recorded():
    sources.load_registry.cache_clear()
    assert verify() == len(list(paths.RAW.glob("*.csv")))


def test_real_registry_says_of_every_source_whether_its_licence_is_confirmed():
    for source, record in sources.load_registry()["sources"].items():
        assert isinstance(record["licence"].get("confirmed"), bool), source


def test_a_line_break_within_a_cell_is_named_since_rows_are_cited_by_their_line(raw):
    lines = (raw / "costs.csv").read_text(encoding="utf-8").splitlines()
    cell = lines[4].split(",")[0]
    edit_table(raw, "costs.csv", f"\n{cell},", f'\n"{cell}\nmore",')
    with pytest.raises(SourceError, match=r"costs\.csv, line 5: a line break within a cell"):
        verify()


def test_source_page_names_every_source_and_marks_unconfirmed_licences():
    page = sources.source_page()
    registered = sources.load_registry()["sources"]
    rows = [line for line in page.splitlines() if line.startswith("| ") and not line.startswith("| id ")]
    assert [row.split(" | ")[0].removeprefix("| ") for row in rows] == sorted(registered)
    unconfirmed = [source for source, record in registered.items() if not record["licence"].get("confirmed")]
    assert page.count("(unconfirmed)") == len(unconfirmed)


def test_untouched_copy_verifies(raw):
    assert verify() == len(list(paths.RAW.glob("*.csv")))


# Damage to tables and records.


def test_table_changed_by_hand_is_named(raw):
    path = raw / "costs.csv"
    path.write_bytes(path.read_bytes() + b"\n")
    with pytest.raises(SourceError, match=r"costs\.csv: changed since it was recorded \(sha256 is [0-9a-f]{64}\)"):
        verify()


def test_changed_table_cannot_be_loaded(raw):
    path = raw / "costs.csv"
    path.write_bytes(path.read_bytes().replace(b"2008", b"2009", 1))
    with pytest.raises(SourceError, match=r"costs\.csv was changed"):
        load_raw("costs")


def test_table_without_record_is_named(raw):
    shutil.copy(raw / "costs.csv", raw / "more_costs.csv")
    with pytest.raises(SourceError, match=r"more_costs\.csv: no record"):
        verify()
    with pytest.raises(SourceError, match=r"more_costs\.csv: no record"):
        load_raw("more_costs")


def test_record_without_table_is_named(raw):
    (raw / "costs.csv").unlink()
    with pytest.raises(SourceError, match=r"costs\.csv: record in sources\.yaml, but no such file"):
        verify()
    with pytest.raises(SourceError, match=r"costs\.csv: no such file"):
        load_raw("costs")


def test_all_damage_is_listed_at_once(raw):
    (raw / "costs.csv").unlink()
    (raw / "baselines.csv").write_text("x\n1\n", encoding="utf-8")
    shutil.copy(raw / "effects.csv", raw / "effects_copy.csv")
    with pytest.raises(SourceError) as raised:
        verify()
    for name in ("costs.csv: record", "baselines.csv: changed", "effects_copy.csv: no record"):
        assert name in str(raised.value)


@pytest.mark.parametrize("name", ["", "null"])
def test_source_without_licence_name_is_named(raw, name):
    text = (raw / "sources.yaml").read_text(encoding="utf-8")
    start = text.index("\n  rahayu_2015:")
    licence = text[text.index("name:", text.index("licence:", start)) :].splitlines()[0]
    record = text[start : text.index(licence, start) + len(licence)]
    edit_registry(raw, record, record.removesuffix(licence) + f"name: {name}")
    with pytest.raises(SourceError, match="source 'rahayu_2015': no licence name"):
        verify()


def test_source_that_leaves_out_a_field_is_named(raw):
    text = (raw / "sources.yaml").read_text(encoding="utf-8")
    start = text.index("\n  rahayu_2015:")
    record = text[start : text.index("read_as:", start)]
    edit_registry(raw, record + "read_as:", record + "red_as:")
    with pytest.raises(SourceError, match="source 'rahayu_2015': lacks 'read_as'"):
        verify()


def change(raw, source: str, field: str, value: object) -> None:
    """Set one field of a source; a dot leads into a map."""
    path = raw / "sources.yaml"
    registry = load_yaml(path)
    place = registry["sources"][source]
    *outer, last = field.split(".")
    for name in outer:
        place = place[name]
    place[last] = value
    write_yaml(path, registry)


TOMORROW = datetime.date.today() + datetime.timedelta(days=1)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("read_as", "whole file"),
        ("redistribute", "maybe"),
        ("redistribute", ["yes"]),
        ("year", "2026"),
        ("year", TOMORROW.year + 1),
        ("year", 206),
        ("date_read", TOMORROW.isoformat()),
        ("date_read", "24-11-2026"),
        ("file_sha256", "0123"),
        ("url", "https://id.scribd.com/document/1/paper"),
        ("url", "ftp://ftp.cpc.ncep.noaa.gov/oni"),
        ("url", "javascript:alert(1)"),
        ("url", "www.noaa.gov/oni"),
        ("url", "https://[noaa.gov"),
        ("url", "https://www.noaa.gov/oni data"),
        ("url", "https://www.noaa.gov/on..."),
        ("licence.confirmed", "yes"),
        ("licence.spdx", "CC-BY-4"),
        ("licence.spdx", "mit"),
        ("licence.url", "creativecommons.org"),
        ("read_at", "https://github.com/marcosatho/PAC_2026_MED"),
        ("read_at", {"url": None, "commit": None, "file": None}),
        ("read_at.commit", "HEAD"),
        ("read_at.file", 7),
        ("read_at.url", "github.com/marcosatho/PAC_2026_MED"),
    ],
)
def test_a_value_outside_its_list_or_bounds_stops_and_is_named(raw, field, value):
    change(raw, "noaa_oni_2026", field, value)
    with pytest.raises(SourceError) as raised:
        verify()
    assert str(raised.value).splitlines()[1:] == [
        line for line in str(raised.value).splitlines() if f"source 'noaa_oni_2026': {field} is {value!r}, not " in line
    ]


def test_a_value_within_its_bounds_passes(raw):
    change(raw, "noaa_oni_2026", "date_read", datetime.date.today())
    change(raw, "noaa_oni_2026", "year", None)
    change(raw, "noaa_oni_2026", "licence.spdx", "CC-BY-4.0")
    change(raw, "noaa_oni_2026", "read_at", {"url": None, "commit": None, "file": "a print"})
    assert verify()


# Where raw rows stand in their sources, and the words that were read there.


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("nothing,K001,,a word,,bait_2025_06", "column table: there is no raw table 'nothing'"),
        ("readings,effects,,a word,,hoffmann_2020", "column table: there is no raw table 'readings'"),
        ("costs,C999,,a word,,bait_2025_06", "column row_id: 0 rows of costs.csv are called 'C999'"),
        ("enso_oni,1950,,a word,,noaa_oni_2025", "rows of enso_oni.csv are called '1950'"),
        ("baselines,B001,,a word,,bait_2025_06", "column source_id: B001 is from 'hoffmann_2020', not 'bait_2025_06'"),
        ("baselines,B001,,,2026-11-30,hoffmann_2020", "neither a place nor words"),
        (f"baselines,B001,,{'a' * 201},,hoffmann_2020", "column words: 201 letters are more than a figure"),
        (f"baselines,B001,,a word,{TOMORROW},hoffmann_2020", f"column read_on: '{TOMORROW}' is not a day up to today"),
        ("baselines,B001,,a word,30-11-2026,hoffmann_2020", "column read_on: '30-11-2026' is not a day up to today"),
        (
            "baselines,B001,,a word,,hoffmann_2020\nbaselines,B001,,more,,hoffmann_2020",
            "column row_id: B001 of baselines.csv has a reading already",
        ),
    ],
)
def test_a_reading_of_no_row_or_that_is_none_is_named(raw, line, problem):
    write_readings(raw, line)
    with pytest.raises(SourceError) as raised:
        verify()
    assert f"readings.csv, line {2 + line.count(chr(10))}" in str(raised.value)
    assert problem in str(raised.value)


def test_readings_say_where_a_row_stands_and_what_was_read():
    """Typed here from the table as it was filled in, for a page, a table of a thesis and an abstract."""
    told = sources.reading_in_words
    assert told("kaltim_statistics", "K013") == (
        'paragraph 2: "Berdasar data Disbun Kaltim pada 2020 lalu, luas kebun kakao saat ini 6.886 hektare (ha)", '
        "read on 2026-11-30"
    )
    assert told("effects", "E129") == "abstract"
    assert told("kaltim_statistics", "none") == ""


def write_readings(raw, lines: str) -> None:
    """Replace all readings, with hash and sources recorded as someone would who edits them on purpose."""
    (raw / "readings.csv").write_text(f"table,row_id,place,words,read_on,source_id\n{lines}\n", encoding="utf-8")
    registry = load_yaml(raw / "sources.yaml")
    registry["tables"]["readings.csv"] |= {
        "sha256": sources.sha256(raw / "readings.csv"),
        "rows": lines.count("\n") + 1,
        "sources": sorted({line.rpartition(",")[2] for line in lines.splitlines()}),
    }
    write_yaml(raw / "sources.yaml", registry)


@pytest.mark.parametrize(
    ("source", "address", "part"),
    [
        (
            "noaa_oni_2026",
            "https://github.com/marcosatho/PAC_2026_MED/blob/86b3a70a7fd9d19902dca8951e4d2f2347e1ed88/oni.ascii.txt",
            "oni.ascii.txt, commit 86b3a70a7fd9d19902dca8951e4d2f2347e1ed88",
        ),
        (
            "satudata_kakao_area_2014_2021",
            "https://github.com/andyanamafaza/gkv-cocoa",
            "Areal-Kakao.csv, commit not recorded",
        ),
        ("harni_2019", "https://vdocuments.site/vascular-streak-dieback-vsd-pada-tanaman-kakao-.html", ""),
        ("kakao_app_story19", "", "GitHub file id 23686386094 (repository not recorded)"),
        ("rahayu_2015", "https://adoc.pub/review-peluang-pengembangan-tanaman-kakao-di-kecamatan-sebat.html", ""),
        ("study_sriwati_pidie2017", "", ""),
    ],
)
def test_the_copy_that_was_read_is_said(source, address, part):
    assert sources.copy_read(sources.load_registry()["sources"][source]) == (address, part)


def test_the_page_of_sources_tells_a_copy_from_the_original():
    [row] = [line for line in sources.source_page().splitlines() if line.startswith("| noaa_oni_2026 |")]
    *_, copy, original, end = row.split(" | ")[:-1] + row.split(" | ")[-1].split(" |")
    assert copy.startswith("https://github.com/marcosatho/PAC_2026_MED/blob/86b3a70a")
    assert original.startswith("https://")
    assert "noaa.gov" in original
    assert end == ""


def test_row_that_cites_an_unregistered_source_is_named(raw):
    edit_table(raw, "costs.csv", "ifa_2008_banksolar", "hearsay_2008")
    with pytest.raises(SourceError, match=r"costs\.csv: source 'hearsay_2008' has no record"):
        verify()


def test_row_without_a_source_is_an_error(raw):
    edit_table(raw, "costs.csv", ",ifa_2008_banksolar\n", ",\n")
    with pytest.raises(SourceError, match=r"costs\.csv: .*nan"):
        verify()


def test_source_that_no_table_uses_is_named(raw):
    edit_registry(raw, "\nsources:\n", "\nsources:\n  idle_2020:\n    title: Idle\n")
    with pytest.raises(SourceError, match="source 'idle_2020': no raw table uses it"):
        verify()


def test_row_count_must_be_the_recorded_one(raw):
    line = (raw / "costs.csv").read_text(encoding="utf-8").splitlines()[-1]
    edit_table(raw, "costs.csv", line + "\n", line + "\n" + line + "\n")
    with pytest.raises(SourceError, match=r"costs\.csv: 68 rows, the record says 67"):
        verify()


@pytest.mark.parametrize("content", ["tables: {}\n", "- 1\n", "", "{", "tables: {}\nsources: {}\nmore: {}\n"])
def test_registry_of_another_shape_is_refused(raw, content):
    (raw / "sources.yaml").write_text(content, encoding="utf-8")
    sources.load_registry.cache_clear()
    with pytest.raises(SourceError, match=r"sources\.yaml"):
        verify()


def test_missing_registry_is_refused(raw):
    (raw / "sources.yaml").unlink()
    sources.load_registry.cache_clear()
    with pytest.raises(SourceError, match=r"sources\.yaml cannot be read"):
        verify()


def test_registry_is_plain_data():
    with pytest.raises(yaml.YAMLError):
        yaml.safe_load("tables: !!python/object/apply:os.system ['true']")


# Cells.


def test_column_asked_as_number_must_exist(raw):
    with pytest.raises(SourceError, match=r"costs\.csv: missing column\(s\) price, wage"):
        load_raw("costs", ("value", "price", "wage"))


def test_text_in_a_number_is_named_with_line_column_and_value(raw):
    edit_table(raw, "costs.csv", ",16.4,", ",about 16,")
    with pytest.raises(SourceError, match=r"(?s)costs\.csv: not a number:.*line 2, column value: 'about 16'"):
        load_raw("costs", ("value",))


def test_every_bad_number_is_listed(tmp_path):
    frame = read_csv(write(tmp_path, b"a,b\n1,x\n2,3\ny,z\n"))
    with pytest.raises(SourceError) as raised:
        to_numbers(frame, ("a", "b"))
    assert str(raised.value).splitlines()[1:] == [
        "  line 4, column a: 'y'",
        "  line 2, column b: 'x'",
        "  line 4, column b: 'z'",
    ]


@pytest.mark.parametrize(
    "cell",
    [
        "inf",
        "-inf",
        "nan",
        "NaN",
        "Infinity",
        "NA",
        "null",
        "1e999",
        "1_000",
        "1.2.3",
        "12 ha",
        "0x1F",
        "True",
        "-",
        "−5",
    ],
)
def test_cell_that_is_no_finite_number_is_refused(tmp_path, cell):
    frame = read_csv(write(tmp_path, f"a,b\n1,{cell}\n".encode()))
    with pytest.raises(SourceError, match=r"line 2, column b"):
        to_numbers(frame, ("b",))


def test_thousands_mark_is_refused(tmp_path):
    frame = read_csv(write(tmp_path, b'a,b\n1,"4,143,100"\n'))
    with pytest.raises(SourceError, match="4,143,100"):
        to_numbers(frame, ("b",))


def test_blank_stays_missing_and_zero_stays_zero(tmp_path):
    frame = to_numbers(read_csv(write(tmp_path, b"a,b\nx,0\ny,\n,1\n")), ("b",))
    assert frame["b"].tolist()[0] == 0.0
    assert frame["b"].isna().tolist() == [False, True, False]
    assert frame["a"].isna().tolist() == [False, False, True]


def test_code_with_leading_zeros_stays_text(tmp_path):
    assert read_csv(write(tmp_path, b"a\n007\n")).loc[2, "a"] == "007"


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_number_is_read_as_it_was_written(value):
    frame = read_text(f"a\n{value!r}\n")
    assert math.isclose(to_numbers(frame, ("a",))["a"].iloc[0], value, rel_tol=1e-15, abs_tol=5e-324)


# Files.


def test_wrong_encoding_names_the_line(tmp_path):
    path = write(tmp_path, b"a,b\n1,2\n3,caf\xe9\n")
    with pytest.raises(SourceError, match=r"figures\.csv, line 3: byte 0xe9 is not UTF-8"):
        read_csv(path)


@pytest.mark.parametrize("content", [b"", b"a,b\n"], ids=["empty", "header only"])
def test_file_without_rows_is_refused(tmp_path, content):
    with pytest.raises(SourceError, match=r"figures\.csv: the file holds no rows"):
        read_csv(write(tmp_path, content))


@pytest.mark.parametrize(("row", "cells"), [(b"3,4,5", 3), (b"3", 1), (b"", 0)])
def test_row_with_another_number_of_cells_is_named(tmp_path, row, cells):
    with pytest.raises(SourceError, match=rf"figures\.csv, line 3: {cells} cells, header has 2"):
        read_csv(write(tmp_path, b"a,b\n1,2\n" + row + b"\n5,6\n"))


def test_column_name_that_stands_twice_is_refused(tmp_path):
    with pytest.raises(SourceError, match=r"figures\.csv: a column name stands twice"):
        read_csv(write(tmp_path, b"a,a\n1,2\n"))


def test_windows_line_ends_make_no_difference(tmp_path):
    unix, windows = (read_csv(write(tmp_path, text)) for text in (b"a,b\n1,2\n", b"a,b\r\n1,2\r\n"))
    assert unix.equals(windows)


class Bytes:
    """Stands for a file, so that a property test does not touch the disk hundreds of times."""

    def __init__(self, content: bytes) -> None:
        self.content = content

    def read_bytes(self) -> bytes:
        """The content."""
        return self.content


def read_text(text: str):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(paths, "shown", lambda path: "figures.csv")
        return read_csv(Bytes(text.encode("utf-8")))


CELL = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=8)
HOSTILE = st.sampled_from(['"', ",", '","', "\n", "\r\n", "\r", "  ", "NA", "nan", "=1", "ö", "\u2028", "\ufeff"])


@given(st.integers(1, 4).flatmap(lambda n: st.lists(st.lists(CELL | HOSTILE, min_size=n, max_size=n), min_size=1)))
def test_cells_survive_a_round_trip(rows):
    header = [f"c{number}" for number in range(len(rows[0]))]
    file = io.StringIO(newline="")
    csv.writer(file, quoting=csv.QUOTE_ALL).writerows([header, *rows])
    frame = read_text(file.getvalue())
    assert frame.fillna("").to_numpy().tolist() == rows
    assert frame.isna().to_numpy().tolist() == [[cell == "" for cell in row] for row in rows]


def printed_numbers(words: str) -> set[float]:
    """Every number in the words, read with points and commas in each way in which they are printed."""
    joined = re.sub(r"(?<=\d)[\s\xa0,](?=\s?\d{3}(?!\d))\s?", "", words)
    found = set()
    for text in (match.rstrip(".,") for match in re.findall(r"\d[\d.,]*", f"{words} {joined}")):
        for read in (text.replace(",", ""), text.replace(".", "").replace(",", "."), text.replace(",", ".")):
            with contextlib.suppress(ValueError):
                found.add(float(read))
    return found


# What is read in the words though no such number is printed: in letters, the middle of a range, a price of a sack by
# its weight, a sum, a mean over growers. Each row says so in its note.
IN_OTHER_WORDS = {
    "effects": {"E124", "E125", "E144", "E147", "E250", "E304", "E305"},
    "kaltim_statistics": {"K036"},
    "local_prices": {"F080", "F081", "F082", "F083", "F084", "F096", "F097", "F098", "F157", "F159"},
    "costs": {"C051", "C055"},
    "baselines": {"B025b", "B057a"},
    "programme_context": {"X017"},
}
FIGURES = {
    "effects": ("control_mean", "treatment_mean"), "pest_reports": ("value_low", "value_high"),
    **dict.fromkeys(("kaltim_statistics", "province_statistics", "local_prices", "programme_context"), ("value",)),
    **dict.fromkeys(("costs", "baselines"), ("value", "value_low", "value_high")),
}  # fmt: skip


# Two releases of a table of areas round to one and to two decimals.
ROUNDED = 5e-6


def figures_not_in_their_words(table: str, readings: pd.DataFrame) -> set[str]:
    """Rows with a figure that no number in the words of their reading is, be it in thousands or in millions."""
    words = readings[readings["table"] == table].dropna(subset="words").set_index("row_id")["words"]
    rows = pd.read_csv(paths.RAW / f"{table}.csv", dtype="str")
    rows = rows[rows.iloc[:, 0].isin(words.index)].set_index(rows.columns[0])
    missing = set()
    for row_id, row in rows.iterrows():
        printed = [number * scale for number in printed_numbers(words[row_id]) for scale in (1, 1e3, 1e6, 1e-3)]
        figures = [abs(float(value)) for value in row.reindex(FIGURES[table]).dropna()]
        if any(not np.isclose(printed, figure, rtol=ROUNDED).any() for figure in figures):
            missing.add(str(row_id))
    return missing


@pytest.mark.parametrize("table", FIGURES)
def test_the_words_of_a_reading_hold_the_figure_of_its_row(table: str) -> None:
    assert figures_not_in_their_words(table, pd.read_csv(paths.RAW / "readings.csv")) == IN_OTHER_WORDS.get(
        table, set()
    )


def test_a_figure_that_is_not_in_the_words_is_found() -> None:
    readings = pd.read_csv(paths.RAW / "readings.csv")
    readings.loc[readings["row_id"] == "E126", "words"] = "dari 96,21% menjadi 54%"
    assert "E126" in figures_not_in_their_words("effects", readings)
