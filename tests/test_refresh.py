"""Sources fetched again: what a publisher sends is read strictly, compared, and replaces the snapshot only when asked.

The layouts are those of real files: FAOSTAT "normalized" bulk archive (thirteen columns and a note, codes with an
apostrophe, six decimals), World Bank ``CMO-Historical-Data-Monthly.xlsx`` (names in the fifth row, units in the sixth,
an ellipsis for unknown), ``oni.ascii.txt`` and ``ersst5.nino.mth.91-20.ascii`` of NOAA (archived copies of both are
named in data/raw/sources.yaml), GeoJSON of NASA POWER (years among the months, -999 for unknown). Files are served by a
local server, so downloads are real ones.
"""

import csv
import dataclasses
import datetime
import functools
import hashlib
import http.server
import io
import json
import os
import threading
import zipfile
from urllib.parse import parse_qs, urlsplit

import openpyxl
import pandas as pd
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.path import Path

from pipeline import cli
from pipeline.kit import paths
from pipeline.kit.data import sources
from pipeline.kit.data.sources import read_csv
from pipeline.refresh import climate, command, faostat, fetch, known_sources, pink_sheet
from pipeline.refresh.command import replaced
from pipeline.refresh.fetch import number_text

FAO, BANK, ONI, NINO = "fao_qcl_2022", "wb_pink_sheet_monthly_2026_06", "noaa_oni_2026", "noaa_nino34_ersst5"
ALL = [FAO, BANK, ONI, NINO]
POWER = "nasa_power_kutai_timur"  # no raw table holds it yet


# Files of publishers that say what the given rows say.


def header(**renamed: str) -> list[str]:
    """Names of the columns of the bulk file."""
    codes = "Area Code,Area Code (M49),Area,Item Code,Item Code (CPC),Item,Element Code,Element,Year Code"
    return [renamed.get(name, name) for name in [*codes.split(","), "Year", "Unit", "Value", "Flag", "Note"]]


def fao_file(rows: pd.DataFrame, unit="hg/ha", columns=None, member=faostat.MEMBER, item="Cocoa beans") -> bytes:
    out = io.StringIO()
    write = csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    write.writerow(columns or header())
    beside = [  # what the reader must pass by: a continent, a part of China, another crop
        ["5100", "'002", "Africa", "661", "'01640", item],
        ["41", "'156", "China, mainland", "661", "'01640", item],
        ["7", "'024", "Angola", "656", "'01610", "Coffee, green"],
    ]
    write.writerows([*cells, "5510", "Production", "2020", "2020", "t", "1", "E", ""] for cells in beside)
    scale = {"kg/ha": 1, "hg/ha": 10, "100 g/ha": 10}.get(unit, 1)
    elements = [
        ("5312", "Area harvested", "ha", "area_harvested_ha", "area_flag", 1),
        ("5412", "Yield", unit, "yield_kg_per_ha", "yield_flag", scale),
        ("5510", "Production", "t", "production_t", "production_flag", 1),
    ]
    for row in rows.fillna("").to_dict("records"):
        for code, element, its_unit, column, flag, factor in elements:
            if row[column] or row[flag]:
                value = f"{float(row[column]) * factor:.6f}" if row[column] else ""
                area = [row["fao_area_code"], "'000", row["country"], "661", "'01640", item]
                write.writerow([*area, code, element, row["year"], row["year"], its_unit, value, row[flag], ""])
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("Production_Crops_Livestock_E_Flags.csv", "Flag,Description\n")
        file.writestr(member, out.getvalue())
    return archive.getvalue()


def bank_file(rows: pd.DataFrame, sheet="Monthly Prices", cocoa="Cocoa", cocoa_unit="($/kg)") -> bytes:
    book = openpyxl.Workbook()
    page = book.active
    page.title = sheet
    page.append(["World Bank Commodity Price Data (The Pink Sheet)"])
    page.append(["monthly prices in nominal US dollars, 1960 to present"])
    page.append(["(monthly series are available only in nominal US dollar terms)"])
    page.append(["Updated on June 02, 2026"])
    page.append([None, "Crude oil, average", cocoa, "Phosphate rock", "DAP", "TSP", "Urea ", "Potassium chloride **"])
    page.append([None, "($/bbl)", cocoa_unit, *["($/mt)"] * 5])
    order = ["cocoa", "phosphate_rock", "dap", "tsp", "urea", "kcl"]
    columns = [next(name for name in pink_sheet.SERIES if name.startswith(start)) for start in order]
    for row in rows.to_dict("records"):
        prices = ["…" if pd.isna(row[column]) else float(row[column]) for column in columns]
        page.append([f"{row['year']}M{int(row['month']):02d}", 1.63, *prices])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def oni_file(rows: pd.DataFrame) -> bytes:
    lines = [
        f"  {row.season} {row.year}  {float(row.sst_c):.2f}  {float(row.anomaly_c):5.2f}" for row in rows.itertuples()
    ]
    return "\n".join([" SEAS  YR   TOTAL   ANOM", *lines, ""]).encode()


def nino_file(rows: pd.DataFrame) -> bytes:
    lines = [
        f"{row.year}  {row.month:>2}   23.01   -1.55   23.56   -2.10   26.94   -1.38   {float(row.sst_c):.2f}   "
        f"{float(row.anomaly_c):5.2f}"
        for row in rows.itertuples()
    ]
    header = " YR   MON  NINO1+2  ANOM   NINO3    ANOM   NINO4    ANOM   NINO3.4  ANOM"
    return "\n".join([header, *lines, ""]).encode()


def power_file(years=(2023, 2024), **changed) -> bytes:
    """The answer for whole years; ``changed`` are values of rain by month, such as ``m202301``."""
    months = [f"{year}{month:02d}" for year in years for month in range(1, 14)]
    rain = {month: round(4 + int(month) % 7 / 3, 2) for month in months}
    rain.update({month[1:]: value for month, value in changed.items()})
    temperature = {month: round(25 + int(month) % 5 / 4, 2) for month in rain}
    answer = {
        "type": "Feature",
        "geometry": {"type": "Point", "coordinates": [climate.LONGITUDE, climate.LATITUDE, 187.46]},
        "properties": {"parameter": {"PRECTOTCORR": rain, "T2M": temperature}},
        "header": {
            "title": "NASA/POWER Source Native Resolution Monthly and Annual",
            "api": {"version": "v2.8.0", "name": "POWER Monthly and Annual API"},
            "sources": ["MERRA2"],
            "fill_value": -999.0,
            "time_standard": "UTC",
            "start": "20230101",
            "end": "20241231",
        },
        "messages": [],
        "parameters": {
            "PRECTOTCORR": {"units": "mm/day", "longname": "Precipitation Corrected"},
            "T2M": {"units": "C", "longname": "Temperature at 2 Meters"},
        },
        "times": {"data": 0.61, "process": 0.04},
    }
    return json.dumps(answer).encode()


MAKE = {FAO: fao_file, BANK: bank_file, ONI: oni_file, NINO: nino_file}


@functools.cache
def same(source_id: str) -> bytes:
    """The file that says what the snapshot says, made once for all tests."""
    return MAKE[source_id](snapshot(source_id))


def snapshot(source_id: str) -> pd.DataFrame:
    table = read_csv(paths.RAW / f"{known_sources.CATALOGUE[source_id].table}.csv")
    return table[table["source_id"] == source_id]


def contents(folder) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@functools.cache
def few_files() -> dict[str, bytes]:
    """The tables that can be refreshed, with their records only; with all tables each test would take longer."""
    tables = [f"{source.table}.csv" for source in known_sources.SOURCES if not source.records]
    registry = sources.load_registry()
    chosen = {name: registry["tables"][name] for name in tables}
    cited = [source for record in chosen.values() for source in record["sources"]]
    records = {"tables": chosen, "sources": {source: registry["sources"][source] for source in cited}}
    text = yaml.safe_dump(records, sort_keys=False, allow_unicode=True)
    return {"sources.yaml": text.encode(), **{name: (paths.RAW / name).read_bytes() for name in tables}}


@pytest.fixture
def few(tmp_path, monkeypatch):
    """A folder that stands for data/raw and holds the tables that can be refreshed."""
    files = few_files()
    folder = tmp_path / "raw"
    folder.mkdir()
    for name, content in files.items():
        (folder / name).write_bytes(content)
    monkeypatch.setattr(paths, "RAW", folder)
    sources.load_registry.cache_clear()
    yield folder
    sources.load_registry.cache_clear()


# A publisher on this machine.


@pytest.fixture
def server(tmp_path, monkeypatch):
    """A local server; ``server.answers[path]`` is the body and the length it announces."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            body, length = self.server.answers.get(self.path, (None, 0))
            self.server.asked.append(self.path)
            self.send_response(404 if body is None else 200)
            self.send_header("Content-Length", str(length if body is not None else 0))
            self.end_headers()
            self.wfile.write(body or b"")

        def log_message(self, *_):
            pass

    monkeypatch.setattr(fetch, "STAGING", tmp_path / "staging")
    monkeypatch.setattr(fetch, "RETRIES", 0)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as local:
        local.answers, local.asked = {}, []
        threading.Thread(target=local.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        yield local
        local.shutdown()


@pytest.fixture
def publish(server, monkeypatch):
    """Let the source ``source_id`` be fetched from the local server, with the given body."""

    def at(source_id, body, length=None):
        address = f"http://127.0.0.1:{server.server_port}/"
        source = known_sources.CATALOGUE[source_id]
        path = f"{source_id}.file"
        local = dataclasses.replace(source, address=address + path)
        if source.link:
            page = f'<a href="/doc/9-2026/related/{source.link}">Monthly prices</a>'.encode()
            server.answers["/commodity-markets"] = (page, len(page))
            path = f"doc/9-2026/related/{source.link}"
            local = dataclasses.replace(source, address=address + "commodity-markets")
        server.answers["/" + path] = (body, len(body) if length is None else length)
        monkeypatch.setitem(known_sources.CATALOGUE, source_id, local)

    return at


@pytest.fixture
def untouched(few):
    """Checks at the end that no byte of data/raw has changed and no file was added."""
    before = contents(few)
    yield few
    assert contents(few) == before


def failing(source_id, capsys, *options) -> str:
    assert cli.main(["sources", "refresh", source_id, *options]) == 1
    return capsys.readouterr().err


# A file that says what the snapshot says.


@pytest.mark.parametrize("source_id", ALL)
def test_file_that_says_the_same_shows_no_differences_and_changes_nothing(untouched, publish, capsys, source_id):
    publish(source_id, same(source_id))
    assert cli.main(["sources", "refresh", source_id, "--accept"]) == 0
    assert "no differences" in capsys.readouterr().out


@pytest.mark.parametrize("source_id", ALL)
def test_rows_read_from_such_a_file_write_the_same_table_byte_for_byte(tmp_path, source_id):
    source = known_sources.CATALOGUE[source_id]
    file = tmp_path / source.file
    file.write_bytes(same(source_id))
    path = paths.RAW / f"{source.table}.csv"
    table = replaced(read_csv(path), known_sources.read_source(source, file), source_id)
    assert table.to_csv(index=False, lineterminator="\n").encode() == path.read_bytes()


@pytest.mark.parametrize("unit", ["kg/ha", "hg/ha", "100 g/ha"])
def test_yields_are_the_same_whichever_known_unit_the_release_uses(untouched, publish, capsys, unit):
    publish(FAO, fao_file(snapshot(FAO), unit=unit))
    assert cli.main(["sources", "refresh", FAO]) == 0
    assert "no differences" in capsys.readouterr().out


# A later release.


def later_oni() -> pd.DataFrame:
    """The snapshot with one season more, one revised and, at the start, three gone."""
    rows = snapshot(ONI).iloc[3:].copy()
    rows.iloc[5, rows.columns.get_loc("anomaly_c")] = "0.42"
    more = rows.iloc[-1].to_dict() | {"season": "JAS", "center_month": "8", "sst_c": "28.5", "anomaly_c": "1.9"}
    return pd.concat([rows, pd.DataFrame([more])])


def test_new_revised_and_vanished_rows_are_shown_and_nothing_is_replaced_unasked(untouched, publish, capsys, server):
    publish(ONI, oni_file(later_oni()))
    assert cli.main(["sources", "refresh", ONI]) == 0
    out = capsys.readouterr().out
    before = snapshot(ONI).iloc[8]
    assert "new rows: 1\n    year 2026 center_month 8" in out
    assert f"year {before.year} center_month {before.center_month}, anomaly_c: {before.anomaly_c} -> 0.42" in out
    assert "vanished rows: 3" in out
    assert "revised values: 1\n" in out
    listed = pd.read_csv(fetch.staging(ONI) / "differences.csv")
    assert listed["kind"].value_counts().to_dict() == {"vanished": 3, "new": 1, "revised": 1}


def test_accept_replaces_rows_of_the_source_only_and_the_registry_still_verifies(raw, publish, capsys):
    others = read_csv(raw / "enso_oni.csv").query("source_id != @ONI")
    text = (raw / "sources.yaml").read_text(encoding="utf-8").splitlines()
    served = oni_file(later_oni())
    publish(ONI, served)
    assert cli.main(["sources", "refresh", ONI, "--accept"]) == 0
    assert sources.verify() == len(list(raw.glob("*.csv")))
    table = read_csv(raw / "enso_oni.csv")
    pd.testing.assert_frame_equal(
        table.query("source_id != @ONI").reset_index(drop=True), others.reset_index(drop=True), check_flags=False
    )
    assert set(table.query("source_id == @ONI")["release"]) == {"2026"}
    after = (raw / "sources.yaml").read_text(encoding="utf-8").splitlines()
    changed = [line.split(":")[0].strip() for line, old in zip(after, text, strict=True) if line != old]
    assert changed == ["sha256", "rows", "date_read", "file_sha256"]
    record = sources.load_registry()["sources"][ONI]
    assert record["file_sha256"] == hashlib.sha256(served).hexdigest(), "of the file that was fetched"
    assert "Check in sources.yaml" in capsys.readouterr().out


@pytest.mark.parametrize("source_id", ALL)
def test_accepting_twice_is_accepting_once(few, publish, capsys, source_id):
    publish(source_id, MAKE[source_id](snapshot(source_id).iloc[:-1]))
    assert cli.main(["sources", "refresh", source_id, "--accept"]) == 0
    once = contents(few)
    assert "vanished rows: 1" in capsys.readouterr().out
    assert cli.main(["sources", "refresh", source_id, "--accept"]) == 0
    assert "no differences" in capsys.readouterr().out
    assert contents(few) == once
    sources.verify()


def test_area_without_iso_code_is_counted_and_shown(untouched, publish, capsys):
    strange = snapshot(FAO).iloc[[0]].assign(fao_area_code="299", country="Newland")
    publish(FAO, fao_file(pd.concat([snapshot(FAO), strange])))
    assert cli.main(["sources", "refresh", FAO]) == 0
    assert "area 299 Newland: 3 figures left out" in capsys.readouterr().out


def test_all_sources_are_refreshed_and_one_that_fails_does_not_stop_the_others(untouched, publish, capsys):
    for source_id in ALL:
        publish(source_id, same(source_id) if source_id != BANK else b"no workbook")
    assert cli.main(["sources", "refresh"]) == 1
    printed = capsys.readouterr()
    assert printed.out.count("no differences") == 3
    assert "CMO-Historical-Data-Monthly.xlsx: it is no workbook" in printed.err


# Downloads that go wrong. The snapshot stays, with --accept too.


def test_no_network_is_said_with_the_address(untouched, publish, server, capsys, monkeypatch):
    closed = dataclasses.replace(known_sources.CATALOGUE[NINO], address="http://127.0.0.1:9/file")
    monkeypatch.setitem(known_sources.CATALOGUE, NINO, closed)
    message = failing(NINO, capsys, "--accept")
    assert "http://127.0.0.1:9/file: cannot be reached" in message
    assert "check the network" in message


def test_download_that_breaks_off_is_tried_again_and_leaves_no_part(untouched, publish, server, capsys, monkeypatch):
    body = same(ONI)
    publish(ONI, body[: len(body) // 2], length=len(body))
    monkeypatch.setattr(fetch, "RETRIES", 1)
    monkeypatch.setattr("pooch.core.time.sleep", lambda _: None)
    assert "broke off before its end" in failing(ONI, capsys, "--accept")
    assert server.asked == [f"/{ONI}.file"] * 2
    assert list(fetch.staging(ONI).iterdir()) == []


def test_file_that_is_gone(untouched, publish, server, capsys):
    publish(ONI, b"")
    server.answers.clear()
    assert "404" in failing(ONI, capsys, "--accept")


@pytest.mark.parametrize("page", [b"<!DOCTYPE html><html>Maintenance</html>", b"\xef\xbb\xbf\r\n <HTML><body>"])
@pytest.mark.parametrize("source_id", ALL)
def test_web_page_instead_of_a_file(untouched, publish, capsys, source_id, page):
    publish(source_id, page)
    assert "sent a web page instead of" in failing(source_id, capsys, "--accept")


def test_empty_file(untouched, publish, capsys):
    publish(ONI, b"")
    assert "the file is empty" in failing(ONI, capsys, "--accept")


def test_page_that_no_longer_links_to_the_workbook(untouched, publish, server, capsys):
    publish(BANK, b"")
    server.answers["/commodity-markets"] = (b"<html>moved</html>", 18)
    assert "links to 0 files named CMO-Historical-Data-Monthly.xlsx" in failing(BANK, capsys, "--accept")


@pytest.mark.parametrize("place", [0.2, 0.5, 0.8])
@pytest.mark.parametrize("source_id", [FAO, BANK])
def test_altered_byte_of_the_packed_data_is_noticed(untouched, publish, capsys, source_id, place):
    body = bytearray(same(source_id))
    body[int(len(body) * place)] ^= 0xFF
    publish(source_id, bytes(body))
    assert "the file is damaged" in failing(source_id, capsys, "--accept")


@pytest.mark.parametrize("source_id", [FAO, BANK])
def test_archive_cut_short_by_a_server_that_announces_the_short_length(untouched, publish, capsys, source_id):
    publish(source_id, same(source_id)[:-400])
    assert "the file is damaged" in failing(source_id, capsys, "--accept")


@pytest.mark.parametrize("name", ["../evil.csv", "/etc/evil.csv", "a/../../evil.csv", "..\\evil.csv", "C:\\evil.csv"])
def test_archive_with_a_path_outside_its_folder(untouched, publish, capsys, name):
    archive = io.BytesIO(same(FAO))
    with zipfile.ZipFile(archive, "a") as file:
        file.writestr(zipfile.ZipInfo(name), "x")
    publish(FAO, archive.getvalue())
    assert "a path outside its folder" in failing(FAO, capsys, "--accept")


# Content that cannot be right, layouts that are not the known ones.


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (b"SEAS  YR ", b"SEASON YR", "layout has changed: the first line is"),
        (b"JFM 2011", b"XYZ 2011", "'XYZ' is no season"),
        (b"  JFM 2011", b"  JFM 2o11", "'2o11' is no year"),
        (b"  JFM 2011", b"  FMA 2011", "2011-03 follows on 2011-01"),
        (b"  JFM 2011  ", b"  JFM 2011  5", "cannot be"),
        (b"  JFM 2011  ", b"  JFM 2011  x", "could not convert"),
        (b"  JFM 2011  ", b"  JFM 2011  1 ", "5 cells, the header has 4"),
    ],
)
def test_altered_season_table(untouched, publish, capsys, old, new, said):
    body = same(ONI)
    assert old in body
    publish(ONI, body.replace(old, new, 1))
    message = failing(ONI, capsys, "--accept")
    assert said in message
    assert message.startswith("oni.ascii.txt: ")
    assert "nothing in data/raw was changed" in message


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (b"NINO3.4", b"NINO34 ", "layout has changed"),
        (b"1950   2 ", b"1950  13 ", "month 13 of 1950 is no month"),
        (b"1950   2 ", b"1950   3 ", "1950-03 follows on 1950-01"),
        (b"   24.55   -1.99", b"  -99.90  -99.90", "line 2: temperature -99.90"),
    ],
)
def test_altered_month_table(untouched, publish, capsys, old, new, said):
    body = same(NINO)
    assert old in body
    publish(NINO, body.replace(old, new, 1))
    assert said in failing(NINO, capsys, "--accept")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"sheet": "Prices"}, "no sheet 'Monthly Prices' among Prices"),
        ({"cocoa": "Cacao"}, "holds the name 'Cocoa'"),
        ({"cocoa_unit": "(cents/kg)"}, "the unit of 'Cocoa' is '(cents/kg)', not '($/kg)'"),
    ],
)
def test_changed_workbook(untouched, publish, capsys, change, said):
    publish(BANK, bank_file(snapshot(BANK), **change))
    assert said in failing(BANK, capsys, "--accept")


def test_workbook_with_a_price_that_is_none(untouched, publish, capsys):
    rows = snapshot(BANK)
    rows.loc[rows.index[3], "cocoa_usd_per_kg"] = "-1"
    publish(BANK, bank_file(rows))
    assert "row 10, cocoa_usd_per_kg: -1 is no price" in failing(BANK, capsys, "--accept")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"columns": header(Unit="Unit of measure")}, "lacks the column(s) Unit"),
        ({"unit": "t/ha"}, "the unit of 'Yield' is t/ha, not one of kg/ha"),
        ({"member": "Production.csv"}, "the archive holds no Production_Crops"),
        ({"item": "Cashew nuts"}, "item 661 is ['Cashew nuts']"),
    ],
)
def test_changed_bulk_file(untouched, publish, capsys, change, said):
    publish(FAO, fao_file(snapshot(FAO), **change))
    message = failing(FAO, capsys, "--accept")
    assert said in message
    assert "the layout has changed" in message


def test_figure_that_stands_twice(untouched, publish, capsys):
    publish(FAO, fao_file(pd.concat([snapshot(FAO), snapshot(FAO).iloc[[4]]])))
    assert "stands twice" in failing(FAO, capsys, "--accept")


# Sources without a loader, and writing that fails.


def test_source_without_a_loader_lists_those_with_one(raw, capsys):
    message = failing("bait_2025_06", capsys)
    assert "'bait_2025_06' has no loader" in message
    assert all(source_id in message for source_id in ALL)
    assert "is not in data/raw/sources.yaml" in failing("nowhere", capsys)


def test_release_that_its_publisher_wrote_over(untouched, capsys):
    assert "refresh 'noaa_oni_2026'" in failing("noaa_oni_2025", capsys, "--accept")


def test_snapshot_changed_by_hand_is_not_written_over(few, publish, capsys, server):
    publish(ONI, oni_file(later_oni()))
    path = few / "enso_oni.csv"
    path.write_bytes(path.read_bytes() + b"\n")
    assert "enso_oni.csv was changed since it was recorded" in failing(ONI, capsys, "--accept")
    assert server.asked == []


@pytest.mark.parametrize("error", [OSError, KeyboardInterrupt])
@pytest.mark.parametrize("broken", ["enso_oni.csv", "sources.yaml"])
def test_table_and_record_are_replaced_both_or_neither(untouched, publish, capsys, monkeypatch, broken, error):
    publish(ONI, oni_file(later_oni()))
    replace, failed = os.replace, []

    def once(here, there):
        if there.name == broken and not failed:
            failed.append(there)
            raise error("disk full")
        replace(here, there)

    monkeypatch.setattr("pipeline.refresh.command.os.replace", once)
    if error is OSError:
        assert "cannot be written" in failing(ONI, capsys, "--accept")
    else:
        with pytest.raises(KeyboardInterrupt):
            cli.main(["sources", "refresh", ONI, "--accept"])
    assert failed
    sources.verify()


def test_record_that_cannot_be_changed_in_its_text_stops_before_anything_is_written(few, publish, capsys):
    path = few / "sources.yaml"
    data = yaml.safe_load(path.read_text(encoding="utf-8"))
    path.write_text(yaml.safe_dump(data, indent=4, allow_unicode=True), encoding="utf-8")
    sources.load_registry.cache_clear()
    before = contents(few)
    publish(ONI, oni_file(later_oni()))
    assert "0 records of enso_oni.csv" in failing(ONI, capsys, "--accept")
    assert contents(few) == before


# Laws.


@given(st.decimals(min_value=-999, max_value=999_999, places=3))
def test_number_as_text_is_the_same_number_with_no_zeros_at_its_end(value):
    text = number_text(float(value))
    assert float(text) == pytest.approx(float(value), abs=1e-9)
    assert "." not in text or text[-1] not in "0."
    assert number_text(float(text)) == text


ROWS = st.dictionaries(st.integers(1960, 2030), st.sampled_from(["1", "1.0", "2.5", None]), min_size=1)


@given(ROWS, ROWS)
def test_differences_are_mirrored_when_the_sides_change_places(one, other):
    left, right = (
        pd.DataFrame({"iso3": "IDN", "year": [str(year) for year in side], "value": list(side.values())}, dtype="str")
        for side in (one, other)
    )
    there = command.compare(left, right, ["iso3", "year"], ["value"])
    back = command.compare(right, left, ["iso3", "year"], ["value"])
    assert sorted(there.added) == sorted(back.vanished)
    assert {cell[:2] for cell in there.revised} == {cell[:2] for cell in back.revised}
    assert len(there.added) == len(set(other) - set(one))
    assert not command.compare(left, left, ["iso3", "year"], ["value"])


def test_registered_addresses_are_where_the_files_are_fetched():
    for source in known_sources.SOURCES:
        assert source.address.startswith("https://")
        assert source.records or source.id in sources.load_registry()["sources"]
    for source_id in (ONI, NINO, BANK):
        assert known_sources.CATALOGUE[source_id].address == sources.load_registry()["sources"][source_id]["url"]


# A source that no raw table holds yet.


def test_source_read_for_the_first_time_shows_every_row_and_adds_nothing_unasked(untouched, publish, capsys):
    publish(POWER, power_file())
    assert cli.main(["sources", "refresh", POWER]) == 0
    printed = capsys.readouterr().out
    assert "read for the first time, for data/raw/climate_kutai_timur_months.csv" in printed
    assert "new rows: 24, new years 2023, 2024" in printed
    assert f"To replace: cacao sources refresh {POWER} --accept" in printed


def test_accepting_it_adds_table_and_records_and_the_next_answer_is_compared_with_it(raw, publish, capsys):
    text = (raw / "sources.yaml").read_text(encoding="utf-8")
    publish(POWER, power_file(m202302=-999.0, m202303=0.0))
    assert cli.main(["sources", "refresh", POWER, "--accept"]) == 0
    table = read_csv(raw / "climate_kutai_timur_months.csv")
    assert list(table.columns) == ["year", "month", "rain_mm_per_day", "temperature_c", "source_id"]
    assert len(table) == 24
    assert set(table["source_id"]) == {POWER}
    assert list(table["rain_mm_per_day"].isna()) == [False, True, *[False] * 22]  # unknown is missing, dry is zero
    assert table["rain_mm_per_day"].iloc[2] == "0"
    sources.load_registry.cache_clear()
    assert sources.verify() == len(sources.load_registry()["tables"])
    before, after = text.splitlines(), (raw / "sources.yaml").read_text(encoding="utf-8").splitlines()
    left = iter(after)
    assert all(line in left for line in before)  # every line that stood there stands there, in its order
    publish(POWER, power_file(years=(2023, 2024, 2025), m202302=-999.0, m202303=0.0, m202410=9.9))
    capsys.readouterr()
    assert cli.main(["sources", "refresh", POWER]) == 0
    printed = capsys.readouterr().out
    assert "new rows: 12, new years 2025" in printed
    assert "revised values: 1" in printed
    assert "month 10, rain_mm_per_day" in printed
    assert "-> 9.9" in printed


def test_source_that_cannot_be_written_leaves_neither_table_nor_record(untouched, publish, capsys, monkeypatch):
    replace = os.replace

    def broken(source, target):
        if str(target).endswith("sources.yaml"):
            raise OSError("disk full")
        replace(source, target)

    publish(POWER, power_file())
    monkeypatch.setattr(os, "replace", broken)
    assert "disk full" in failing(POWER, capsys, "--accept")


def text_changed(old: str, new: str) -> bytes:
    content = power_file().decode()
    assert old in content
    return content.replace(old, new, 1).encode()


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (lambda: power_file()[:700], "no JSON"),
        (lambda: b"[]", "holds a list, not a feature"),
        (lambda: text_changed("PRECTOTCORR", "PRECTOT"), "a part that is read is not there (KeyError('PRECTOTCORR'))"),
        (lambda: text_changed('"mm/day"', '"mm"'), "the unit of PRECTOTCORR is 'mm', not 'mm/day'"),
        (lambda: text_changed("[117.3, 0.9", "[117.3, -0.9"), "the point is [117.3, -0.9], not [117.3, 0.9]"),
        (lambda: text_changed('"202302"', '"202303"'), "a name stands twice"),
        (lambda: text_changed('"202302"', '"2023-2"'), "do not have the same months"),
        (lambda: text_changed('"fill_value": -999.0', '"fill_value": null'), "a part that is read is not there"),
        (lambda: power_file(m202302=-99.0), "PRECTOTCORR of 202302 is -99.0, which cannot be"),
        (lambda: power_file(m202302="4.1"), "PRECTOTCORR of 202302 is '4.1', no number"),
        (lambda: power_file(m202302=None), "PRECTOTCORR of 202302 is None, no number"),
        (lambda: power_file(m202602=4.1), "2026-02 follows on 2024-12"),
        (lambda: power_file(years=()), "do not have the same months"),
    ],
)
def test_altered_answer_of_the_service(untouched, publish, capsys, body, said):
    publish(POWER, body())
    error = failing(POWER, capsys, "--accept")
    assert said in error
    assert "nothing in data/raw was changed" in error


def test_point_that_is_asked_for_lies_in_kutai_timur_and_in_no_other_regency():
    boundaries = read_csv(paths.RAW / "boundaries_regencies.csv")
    rings = boundaries.groupby(["region", "part", "ring"])[["lon", "lat"]]
    point = (climate.LONGITUDE, climate.LATITUDE)
    around = {region for (region, *_), ring in rings if Path(ring.astype(float).to_numpy()).contains_point(point)}
    assert around == {"Kutai Timur"}


def test_request_ends_with_the_last_whole_year():
    years = parse_qs(urlsplit(known_sources.CATALOGUE[POWER].address).query)
    assert (years["start"], years["end"]) == (["1981"], [str(datetime.date.today().year - 1)])
