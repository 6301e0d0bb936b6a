"""Milliseconds until each kind of page of the site can be used, in a browser, from a web host on the same machine."""

import shutil
import statistics
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, sync_playwright

from bench.page import Part, Row
from bench.tree import reproduced

GOAL_MS, TIMES, WATCHED_MS = 1000, 3, 700
KINDS = (
    *("index", "brief", "06_model_fertilizer", "11_validation", "calculator", "explore", "numbers"),
    *("numbers/cause.pod_borer", "parameters", "sources", "conflicts", "dictionary", "quality", "glossary"),
)
# The last moment at which the page was parsed, its scripts had run, or a task of 50 ms or more ended.
WATCH = """window.busy = [];
new PerformanceObserver((list) => list.getEntries().forEach((task) => busy.push(task.startTime + task.duration)))
    .observe({type: "longtask", buffered: true});"""
USABLE = "Math.max(performance.getEntriesByType('navigation')[0].domContentLoadedEventEnd, ...busy)"


class Quiet(SimpleHTTPRequestHandler):
    """A plain web host."""

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def host(site: Path) -> Iterator[str]:
    """Address of a plain web host that serves the site."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(site)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


def measure_opened(top: Path) -> list[Row]:
    """One row per kind of page."""
    site = reproduced(top) / "results" / "site"
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    with host(site) as root, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=["--no-sandbox", "--disable-gpu"])
        opened(browser, f"{root}/id/glossary.html")  # The browser itself comes up.
        rows = [row(kind, [opened(browser, f"{root}/id/{kind}.html") for _ in range(TIMES)]) for kind in KINDS]
        browser.close()
    return rows


def opened(browser: Browser, address: str) -> tuple[float, float]:
    """Milliseconds until the page can be used, with an empty cache and again."""
    context = browser.new_context()
    context.add_init_script(WATCH)
    cold, warm = (usable(context.new_page(), address) for _ in range(2))
    context.close()
    return cold, warm


def usable(page: Any, address: str) -> float:
    """Milliseconds until one page can be used."""
    page.goto(address)
    page.wait_for_timeout(WATCHED_MS)
    return float(page.evaluate(USABLE))


def row(kind: str, times: list[tuple[float, float]]) -> Row:
    """The medians of one kind of page."""
    cold, warm = (statistics.median(column) for column in zip(*times, strict=True))
    print(f"{kind}: {cold:.0f} ms, again {warm:.0f} ms", flush=True)
    return {"page": kind, "cold_ms": f"{cold:.0f}", "warm_ms": f"{warm:.0f}"}


def slow(table: list[Row]) -> str:
    """The pages above the goal."""
    named = [row["page"] for row in table if float(row["cold_ms"]) > GOAL_MS]
    return f"Above the goal: {', '.join(named)}." if named else "All are within the goal."


PART = Part(
    f"""\
## Opening the pages

Milliseconds until a page can be used: it is parsed, its scripts have run, and no task of 50 ms or more is left, in
Chromium, from a plain web host on this machine, in Indonesian; median of {TIMES}. `cold`: with an empty cache of the
browser; `warm`: the page opened again. The goal is {GOAL_MS:g} ms.
""",
    measure_opened,
    after=slow,
)
