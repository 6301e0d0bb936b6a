"""Stage ``site``: build ``results/site`` in both languages. ``python -m pipeline.publish.site``."""

import shutil
import sys
import tempfile
import time
from pathlib import Path

from pipeline import paths
from pipeline.language import LANGUAGES
from pipeline.publish.site import THEME, build, files, library
from pipeline.publish.site.catalogue import MissingTranslation, gathering

SITE = paths.RESULTS / "site"


def make(target: Path) -> None:
    """Build everything into an empty folder. Raises ``MissingTranslation`` or ``SiteError``."""
    with tempfile.TemporaryDirectory() as folder, gathering():
        for language in LANGUAGES:
            build.write_sources(Path(folder) / language, language)
            build.build(Path(folder) / language, target / language, language)
    files.copy_files(target / "files")
    library.write_library(target / "library")
    shutil.copytree(THEME / "root", target, dirs_exist_ok=True)


def main() -> int:
    """Build beside the old site and put the new one in its place only when it is whole."""
    started = time.monotonic()
    with tempfile.TemporaryDirectory(dir=paths.RESULTS, prefix=".site-") as folder:
        try:
            make(Path(folder))
        except (MissingTranslation, build.SiteError) as error:
            print(error, file=sys.stderr)
            return 1
        shutil.rmtree(SITE, ignore_errors=True)
        shutil.copytree(folder, SITE)
    pages = sum(1 for _ in SITE.rglob("*.html"))
    print(f"site: {pages} pages in {time.monotonic() - started:.1f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
