"""A small published project with a file of each kind, made without the pipeline but for its record."""

import io
import json
import shutil
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import matplotlib as mpl
import pytest
from matplotlib.figure import Figure
from PIL import Image
from reproduction import commit, stand_in

from pipeline.kit.provenance import reference

STAGE = "results/05_gain"
SUM = "0123456789abcdef0123456789abcdef"
SVG = """<svg xmlns="http://www.w3.org/2000/svg" width="200pt" height="100pt">
<defs><clipPath id="p0123456789"><rect x="0" y="0" width="200" height="100"/></clipPath></defs>
<path d="M 12.345678 50.000001 \nL 120.075698 -0.034522 \n" clip-path="url(#p0123456789)" style="fill: #1f77b4"/>
<text x="10.5" y="20">yield of 38 farms</text></svg>
"""
TEXTS = {
    "LICENSE": "MIT\n",
    "LICENSE-DATA.md": "The tables are licensed under CC BY 4.0.\n",
    "CITATION.cff": "title: gain\n",
    "dvc.lock": f"stages:\n  05_gain:\n    outs:\n    - path: {STAGE}\n      md5: {SUM}.dir\n",
    "data/clean/plots.csv": "plot,kg,loss\na,812.125,-3\nb,640.375,2.5\nc,59.0625,\n",
    f"{STAGE}/estimates.csv": "key,value,lower,upper\ngain,0.0123456,-0.31,0.4\nloss,1.23456,0.5,2\n",
    f"{STAGE}/tables/draws.csv": "x,y\n0.123456,12.3456\n-2.34567,1e-05\n345.678,7\n",
    f"{STAGE}/gain.md": "# Gain\n\nPruning adds 38 % (12 to 66), 0.21 t/ha, on 2.5-3.5 ha; it costs Rp 1,250,000.\n",
    f"{STAGE}/figures/gain.svg": SVG,
    "results/metrics/05_gain.json": '{"gain": {"value": 0.0123456}}\n',
    "results/site/id/index.html": "<p>Hasil naik 0,21 t/ha di 38 kebun; kakao rugi.</p>\n",
    "results/site/id/number.html": f"<p>gain: <code>results/05_gain md5 {SUM}</code></p>\n",
    "results/site/id/data.js": 'window.DATA = {"draws": [0.123456, -2.34567], "year": 2024};\n',
}
NOTEBOOK = {
    "cells": [
        {"cell_type": "markdown", "id": "05-1", "metadata": {}, "source": ["Pruning pays."]},
        {
            "cell_type": "code",
            "execution_count": 1,
            "id": "05-2",
            "metadata": {},
            "outputs": [{"output_type": "stream", "name": "stdout", "text": ["gain 0.0123456 of 38 farms\n"]}],
            "source": ["show(gain)"],
        },
    ],
    "metadata": {},
    "nbformat": 4,
    "nbformat_minor": 5,
}


def png(changed: int = 0, **saved: Any) -> bytes:
    """A picture; one shade of one dot is ``changed`` by so much."""
    image = Image.new("RGB", (40, 30), (200, 120, 40))
    image.putpixel((7, 9), (10 + changed, 20, 30))
    target = io.BytesIO()
    image.save(target, "png", **saved)
    return target.getvalue()


def pdf(
    height: float = 3.0, words: str = "yield of 38 farms", compression: int = 6, address: str = "https://example.org/a"
) -> bytes:
    """A drawing of a bar, with some words that lead to an address."""
    with mpl.rc_context({"pdf.compression": compression, "pdf.fonttype": 42}):
        figure = Figure(figsize=(2, 2))
        axes = figure.subplots()
        axes.set_ylim(0, 10)
        axes.bar([1], [height])
        axes.set_title(words, url=address)
        target = io.BytesIO()
        figure.savefig(target, format="pdf", metadata={"CreationDate": None, "Producer": None, "Creator": None})
    return target.getvalue()


def archive(members: dict[str, str], packing: int = zipfile.ZIP_DEFLATED) -> bytes:
    """Those members as ZIP."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", packing) as content:
        for name, text in members.items():
            content.writestr(zipfile.ZipInfo(name, (2024, 1, 1, 0, 0, 0)), text)
    return target.getvalue()


def build(folder: Path) -> Path:
    """Write the project and commit it; its record is not there yet."""
    files = {name: text.encode() for name, text in TEXTS.items()}
    files |= {
        f"{STAGE}/05_gain.ipynb": (json.dumps(NOTEBOOK, indent=1) + "\n").encode(),
        f"{STAGE}/figures/gain.png": png(),
        f"{STAGE}/figures/gain.pdf": pdf(),
        "results/site/files/plots.zip": archive({"plots.csv": TEXTS["data/clean/plots.csv"], "read.me": "38 farms"}),
        "results/site/library/letters.woff2": b"wOF2\x00\xff\xfe\x01",
    }
    for name, data in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    commit(folder, "init", "-q")
    return folder


@pytest.fixture(scope="session")
def committed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project with its record, committed; no test may change it."""
    folder = build(tmp_path_factory.mktemp("committed"))
    with pytest.MonkeyPatch.context() as patch:
        for _ in stand_in(folder, patch):
            reference.write()
    commit(folder, "add", "-A")
    commit(folder, "commit", "-qm", "published")
    return folder


@pytest.fixture
def published(committed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A copy of it; commands called by the test take it for theirs."""
    yield from stand_in(Path(shutil.copytree(committed, tmp_path / "published")), monkeypatch)


def replaced(path: Path, old: str, new: str) -> None:
    """Put one text for another in a file, which must hold it."""
    text = path.read_bytes()
    assert old.encode() in text, f"{path.name} does not hold {old!r}"
    path.write_bytes(text.replace(old.encode(), new.encode(), 1))
