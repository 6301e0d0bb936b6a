"""The chart library that the page for exploring loads: Vega, taken from a Python package without network."""

import shutil
from pathlib import Path

import vl_convert

from pipeline.publish.site import THEME

# The only name a page sees. Vega-Embed brings the interpreter of expressions, so that nothing is evaluated as code.
SNIPPET = "window.vegaEmbed = vegaEmbed;"
VEGA_LITE = "6.4"


def write_library(folder: Path) -> None:
    """Write ``vega.js`` and its licences into ``folder``, once for both languages."""
    shutil.copytree(THEME / "library", folder)
    said = "/* Vega, Vega-Lite, Vega-Embed and D3; licences: LICENSE-vega.txt */\n"
    bundle = vl_convert.javascript_bundle(SNIPPET, vl_version=VEGA_LITE)
    (folder / "vega.js").write_text(said + bundle, encoding="utf-8")
