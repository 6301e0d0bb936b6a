"""Stage ``site``: build ``results/site`` in both languages. ``python -m pipeline.site``."""

import csv
import shutil
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import vl_convert

from pipeline.kit import paths
from pipeline.kit.language import LANGUAGES
from pipeline.kit.stages.inputs import guarded
from pipeline.site import THEME, build, numbers, table_pages
from pipeline.site.catalogue import Message, MissingTranslation, gathering

# The only name a page sees. Vega-Embed brings the interpreter of expressions, so that nothing is evaluated as code.
SNIPPET = "window.vegaEmbed = vegaEmbed;"
VEGA_LITE = "6.4"


def write_library(folder: Path) -> None:
    """Write ``vega.js`` and its licences into ``folder``, once for both languages."""
    shutil.copytree(THEME / "library", folder)
    said = "/* Vega, Vega-Lite, Vega-Embed and D3; licences: LICENSE-vega.txt */\n"
    bundle = vl_convert.javascript_bundle(SNIPPET, vl_version=VEGA_LITE)
    (folder / "vega.js").write_text(said + bundle, encoding="utf-8")


# A spreadsheet runs a cell that begins so as a formula.
FORMULA = ("=", "+", "-", "@", "\t", "\r")


def copy_files(target: Path) -> None:
    """Copy what pages link to: ``files/STAGE/...`` for results, ``files/data/...`` for clean tables."""
    for path in sorted(paths.RESULTS.glob("*/figures/*.*")):
        if path.suffix not in (".json", ".csv"):
            _copy(path, target / path.parts[-3] / path.name)
    for path in filter(table_pages.has_page, table_pages.results()):
        _copy(path, target / table_pages.copied(path))
    for path in sorted(paths.RESULTS.glob("*/estimates.csv")):
        _copy(path, target / path.parent.name / path.name)
    for path in sorted(paths.CLEAN.glob("*.csv")):
        _copy(path, target / "data" / path.name)
    for path in sorted((paths.RESULTS / "12_brief").glob("brief.*.pdf")):
        _copy(path, target / "12_brief" / path.name)


def _copy(path: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".csv":
        copy_csv(path, target)
    else:
        shutil.copyfile(path, target)


def copy_csv(path: Path, target: Path) -> None:
    """Copy a table so that no spreadsheet runs a cell as a formula: such a text stands behind an apostrophe."""
    with path.open(encoding="utf-8", newline="") as read, target.open("w", encoding="utf-8", newline="") as written:
        writer = csv.writer(written, lineterminator="\n")
        writer.writerows([harmless(cell) for cell in row] for row in csv.reader(read))


def harmless(cell: str) -> str:
    """The cell itself, or behind an apostrophe when it is no number and begins like a formula."""
    if not cell.startswith(FORMULA):
        return cell
    try:
        float(cell)
    except ValueError:
        return "'" + cell
    return cell


SITE = paths.RESULTS / "site"


def make(target: Path) -> None:
    """Build everything into a folder that is not there yet. Raises ``MissingTranslation`` or ``SiteError``."""
    target.mkdir()
    # Beside it: what is built is moved, not copied.
    with (
        tempfile.TemporaryDirectory(dir=target.parent) as folder,
        ProcessPoolExecutor(1) as beside,
        ProcessPoolExecutor(len(LANGUAGES)) as pool,
    ):
        files = beside.submit(write_files, target)
        # Found before the processes of the languages begin, each of which then knows them.
        numbers.find_chains()
        written = [pool.submit(write_language, Path(folder), target, language) for language in LANGUAGES]
        missing = {message: page for each in written for message, page in each.result().items()}
        files.result()
    if missing:
        raise MissingTranslation(missing)
    shutil.copytree(THEME / "root", target, dirs_exist_ok=True)


def write_files(target: Path) -> None:
    """Write what both languages share: files to download, pages of tables, the library of the charts."""
    copy_files(target / "files")
    table_pages.write(target / "files" / "rows")
    write_library(target / "library")


def write_language(folder: Path, target: Path, language: str) -> dict[Message, str]:
    """Build one language; returns the texts that have no translation, each with the page it stands on."""
    try:
        with gathering():
            build.write_sources(folder / language, language)
            build.build(folder / language, target / language, language)
    except MissingTranslation as error:
        return error.missing
    return {}


def main() -> int:
    """Build beside the old site and put the new one in its place only when it is whole."""
    started = time.monotonic()
    with tempfile.TemporaryDirectory(dir=paths.RESULTS, prefix=".site-") as folder:
        try:
            make(Path(folder) / SITE.name)
        except (MissingTranslation, build.SiteError) as error:
            print(error, file=sys.stderr)
            return 1
        shutil.rmtree(SITE, ignore_errors=True)
        (Path(folder) / SITE.name).rename(SITE)
    pages = sum(1 for _ in SITE.rglob("*.html"))
    print(f"site: {pages} pages in {time.monotonic() - started:.1f} s")
    return 0


if __name__ == "__main__":
    sys.exit(guarded("site", main))
