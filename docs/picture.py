"""Take the picture of the start page that the README shows: ``make picture``, once ``results/site`` is there."""

import io
import shutil
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

HERE = Path(__file__).resolve().parent
PAGE = HERE.parent / "results" / "site" / "en" / "index.html"
WIDTH, HEIGHT = 1280, 800
# Letters on a plain ground need few colours: a third of the bytes.
COLORS = 32


def main() -> None:
    """Write ``start.png`` beside this file."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT})
        page.goto(PAGE.as_uri())
        shot = Image.open(io.BytesIO(page.screenshot()))
        shot.convert("RGB").quantize(COLORS).save(HERE / "start.png", optimize=True)


if __name__ == "__main__":
    main()
