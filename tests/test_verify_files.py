"""A published file that was edited, swapped, linked, added or removed fails by name; one packed otherwise does not."""

import json
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from verify_project import NOTEBOOK, STAGE, SUM, TEXTS, archive, committed, pdf, png, published, replaced

from pipeline import cli
from pipeline.kit import paths
from pipeline.kit.provenance import reference, verify
from pipeline.kit.provenance.checks import FAILED, IDENTICAL, SAME, Check, check_files

__all__ = ["committed", "published"]
Compared = Callable[[], dict[str, Check]]
CSV, DRAWS = f"{STAGE}/estimates.csv", f"{STAGE}/tables/draws.csv"
SVG, PNG, PDF = (f"{STAGE}/figures/gain.{kind}" for kind in ("svg", "png", "pdf"))
PLOTS, ZIP, IPYNB = "data/clean/plots.csv", "results/site/files/plots.zip", f"{STAGE}/05_gain.ipynb"


@pytest.fixture(params=["against the record", "against the published file"])
def compared(request: pytest.FixtureRequest, published: Path, tmp_path: Path) -> Compared:
    """Check the project against its record, with and without the published files beside it."""
    originals = None
    if request.param == "against the published file":
        originals = Path(shutil.copytree(published, tmp_path / "originals"))
    return lambda: {check.name: check for check in check_files(published, originals=originals)}


def only(checks: dict[str, Check], name: str, result: str) -> Check:
    """The check of that name; all others are identical."""
    assert {key: check.result for key, check in checks.items() if check.result != IDENTICAL} == {name: result}
    return checks[name]


def test_an_untouched_project_passes_by_its_bytes(compared: Compared) -> None:
    checks = compared()
    assert {check.result for check in checks.values()} == {IDENTICAL}
    assert {check.how for check in checks.values()} == {"bytes"}
    assert {*TEXTS} - {"dvc.lock"} <= set(checks)


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        (f"{STAGE}/gain.md", "Pruning adds", "Pruning takes"),
        (f"{STAGE}/gain.md", "38 %", "39 %"),
        (f"{STAGE}/gain.md", "0.21 t", "0.22 t"),
        (f"{STAGE}/gain.md", "0.21 t", "0.210 t"),
        (f"{STAGE}/gain.md", "1,250,000", "1,250,001"),
        (f"{STAGE}/gain.md", "2.5-3.5", "2.5 -3.5"),
        ("results/site/id/index.html", "kakao", "kopi"),
        ("results/site/id/index.html", "0,21", "0,31"),
        ("results/site/id/number.html", SUM, SUM[::-1]),
        ("results/site/id/data.js", "-2.34567", "2.34567"),
        ("results/site/id/data.js", "2024", "2025"),
        ("results/metrics/05_gain.json", "0.0123456", "-0.0123456"),
        (CSV, "0.0123456", "-0.0123456"),
        (CSV, "0.0123456", "0.0123556"),
        (CSV, "loss,1.23456", "loss,12.3456"),
        (DRAWS, "0.123456,12.3456", "12.3456,0.123456"),
        (DRAWS, "1e-05", "1e-06"),
        (DRAWS, "345.678", ""),
        (PLOTS, "812.125", "812.225"),
        (PLOTS, ",-3", ",3"),
        (SVG, "120.075698", "120.085698"),
        (SVG, "120.075698", "-120.075698"),
        (SVG, "38 farms", "83 farms"),
        (SVG, "#1f77b4", "#ff77b4"),
        (SVG, "url(#p0123456789)", "url(#p9876543210)"),
        (IPYNB, "Pruning pays", "Pruning costs"),
        (IPYNB, "show(gain)", "show(loss)"),
        (IPYNB, "of 38 farms", "of 48 farms"),
        (IPYNB, "0.0123456", "-0.0123456"),
        ("LICENSE-DATA.md", "CC BY 4.0", "CC BY 5.0"),
        ("LICENSE-DATA.md", "The tables are", "Nothing is"),
        ("results/site/library/letters.woff2", "wOF2", "wOFF"),
    ],
)
def test_an_edit_fails_and_names_the_file(compared: Compared, published: Path, name: str, old: str, new: str) -> None:
    replaced(published / name, old, new)
    only(compared(), name, FAILED)


@pytest.mark.parametrize(
    ("name", "data"),
    [
        (PNG, png(changed=40)),
        (PNG, png(dpi=(300, 300))),
        (PNG, png()[:-30]),
        (PNG, b"no picture"),
        (PDF, pdf(height=3.1)),
        (PDF, pdf(words="yield of 83 farms")),
        (PDF, pdf(address="https://example.org/b")),
        (PDF, pdf()[:-400]),
        (PDF, png()),
        (ZIP, archive({"plots.csv": TEXTS[PLOTS].replace("640", "650"), "read.me": "38 farms"})),
        (ZIP, archive({"plots.csv": TEXTS[PLOTS], "read.me": "38 farms", "more.txt": ""})),
        (ZIP, archive({"plots.csv": TEXTS[PLOTS]})),
        (ZIP, archive({"plots.csv": TEXTS[PLOTS], "read.txt": "38 farms"})),
    ],
)
def test_another_picture_drawing_or_archive_fails(compared: Compared, published: Path, name: str, data: bytes) -> None:
    (published / name).write_bytes(data)
    only(compared(), name, FAILED)


def test_a_page_more_in_a_pdf_fails(compared: Compared, published: Path) -> None:
    from pypdf import PdfReader, PdfWriter

    writer = PdfWriter(clone_from=PdfReader(published / PDF))
    writer.add_blank_page(100, 100)
    writer.write(published / PDF)
    only(compared(), PDF, FAILED)


@pytest.mark.parametrize(
    ("name", "data"),
    [
        (PNG, png(compress_level=0)),
        (PDF, pdf(compression=1)),
        (ZIP, archive({"read.me": "38 farms", "plots.csv": TEXTS[PLOTS]}, zipfile.ZIP_STORED)),
        (CSV, TEXTS[CSV].replace("0.0123456", "0.0123457").encode()),
        (CSV, TEXTS[CSV].replace("\n", "\r\n").encode()),
        (SVG, TEXTS[SVG].replace("120.075698", "120.075699").replace("p0123456789", "p0a2b4c6d8e").encode()),
        (DRAWS, TEXTS[DRAWS].replace("1e-05", "9.99999e-06").encode()),
        (IPYNB, json.dumps(NOTEBOOK, indent=1).replace("0.0123456", "0.0123457").encode() + b"\n"),
    ],
)
def test_other_bytes_that_say_the_same_do_not_fail(compared: Compared, published: Path, name: str, data: bytes) -> None:
    assert (published / name).read_bytes() != data
    (published / name).write_bytes(data)
    check = only(compared(), name, SAME)
    assert check.how
    assert "md5" in check.detail


def test_a_number_at_the_edge_of_its_rounding_needs_the_published_file(published: Path, tmp_path: Path) -> None:
    originals = Path(shutil.copytree(published, tmp_path / "originals"))
    # 345.675 and 345.674 are one unit of the sixth digit apart, and have two roundings to five digits.
    replaced(originals / DRAWS, "345.678", "345.675")
    shutil.copy(originals / DRAWS, published / DRAWS)
    reference.write()
    replaced(published / DRAWS, "345.675", "345.674")
    only({check.name: check for check in check_files(published)}, DRAWS, FAILED)
    only({check.name: check for check in check_files(published, originals=originals)}, DRAWS, SAME)


def test_the_original_counts_only_while_it_is_the_recorded_one(published: Path, tmp_path: Path) -> None:
    originals = Path(shutil.copytree(published, tmp_path / "originals"))
    for folder in (published, originals):
        replaced(folder / f"{STAGE}/gain.md", "Pruning adds", "Pruning takes")
    checks = {check.name: check for check in check_files(published, originals=originals)}
    assert "digest on record" in only(checks, f"{STAGE}/gain.md", FAILED).how


@pytest.mark.parametrize(
    "name", [f"{STAGE}/more.csv", "results/more.html", "results/metrics/more.json", "data/clean/x"]
)
def test_a_file_more_or_less_fails(compared: Compared, published: Path, name: str) -> None:
    (published / name).write_text("1\n")
    assert "without a record" in only(compared(), name, FAILED).detail
    (published / name).unlink()
    (published / CSV).unlink()
    assert only(compared(), CSV, FAILED).detail == "missing"


def test_a_link_in_place_of_a_file_or_folder_fails(compared: Compared, published: Path, tmp_path: Path) -> None:
    shutil.copy(published / CSV, tmp_path / "same.csv")
    (published / CSV).unlink()
    (published / CSV).symlink_to(tmp_path / "same.csv")
    assert "link" in only(compared(), CSV, FAILED).detail
    shutil.move(published / STAGE, tmp_path / "stage")
    (published / STAGE).symlink_to(tmp_path / "stage")
    failed = {name for name, check in compared().items() if check.result == FAILED}
    assert {STAGE, *(name for name in TEXTS if name.startswith(f"{STAGE}/"))} <= failed


def test_a_link_to_nothing_or_beside_the_files_fails(compared: Compared, published: Path) -> None:
    (published / "results/more").symlink_to(published / "nowhere")
    only(compared(), "results/more", FAILED)


def test_a_page_may_print_the_sum_that_its_source_has_now(compared: Compared, published: Path) -> None:
    page, other = published / "results/site/id/number.html", "f" * 32
    replaced(page, SUM, other)
    only(compared(), "results/site/id/number.html", FAILED)
    replaced(published / "dvc.lock", SUM, other)
    only(compared(), "results/site/id/number.html", SAME)


def test_the_record_holds_no_tolerance(published: Path) -> None:
    for table in (published / "results/reference").glob("*.csv"):
        assert "tolerance" not in table.read_text()
        # A tolerance that somebody writes into it has no effect.
        lines = table.read_text().splitlines()
        table.write_text("\n".join([f"{lines[0]},tolerance", *(f"{line},1e9" for line in lines[1:])]) + "\n")
    replaced(published / CSV, "0.0123456", "-0.0123456")
    failed = [
        check.name for check in (*verify.check_numbers(published), *check_files(published)) if check.result == FAILED
    ]
    assert failed == ["05_gain: gain", CSV]


def test_the_report_counts_three_ways_and_says_how_each_file_was_compared(
    published: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (published / PNG).write_bytes(png(compress_level=0))
    # Where the name of the project stands, which the report bears.
    shutil.copy(Path(__file__).parents[1] / "pyproject.toml", published)
    replaced(published / f"{STAGE}/gain.md", "38 %", "39 %")
    monkeypatch.setattr(verify, "verify", lambda quick: list(check_files(paths.ROOT)))
    monkeypatch.setattr("pipeline.kit.provenance.checks.machine", dict)
    monkeypatch.setattr(verify, "withheld", list)
    monkeypatch.setattr("pipeline.kit.data.sources.load_registry", lambda: {"sources": {}})
    assert cli.main(["verify", "--quick"]) == 1
    told = capsys.readouterr().out
    assert f"same file {PNG}: " in told
    assert f"FAIL file {STAGE}/gain.md: " in told
    report = json.loads((verify.where() / "verification.json").read_text())
    assert (report["counts"][SAME], report["counts"][FAILED]) == (1, 1)
    assert sum(report["counts"].values()) == len(report["checks"])
    assert all(check["how"] for check in report["checks"])
    page = (verify.where() / "verification.html").read_text()
    assert "1 other bytes, same content, 1 failed" in page
    assert all(check["name"] in page for check in report["checks"])


def test_other_bytes_alone_do_not_fail_the_command(published: Path) -> None:
    (published / PNG).write_bytes(png(compress_level=0))
    assert verify.passed(list(check_files(published)))
