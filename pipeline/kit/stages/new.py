"""A new stage: its notebook, its entry in ``dvc.yaml``, and its place in the picture of the stages."""

import json
import re
from pathlib import Path
from typing import Any

from pipeline.kit import declared, paths, yaml_text
from pipeline.kit.stages.dependencies import RUN, dependencies
from pipeline.kit.stages.run import assigned_parameters

NAME = re.compile(r"([0-9]{2})_([a-z][a-z0-9]*(?:_[a-z0-9]+)*)")
# What stands last in dvc.yaml and reads the results of all others.
SITE = "  site:\n"
LISTED = r"    - results/[0-9]{2}_\w+\n"
PICTURE = Path("docs") / "architecture.md"
# In the picture: where the boxes of the models end, and the arrow to the site.
BOX, ARROW, QUALITY = "    end\n    subgraph publish", r"^.* & quality --> site$", " & quality --> site"


class NewStageError(ValueError):
    """A stage that cannot be made under this name."""


def new_stage(name: str, question: str, pertanyaan: str, template: Path) -> list[Path]:
    """Write a stage from ``template``, a notebook that runs; returns the files made or changed.

    ``name`` is two digits, an underscore and words, as ``15_rain``; the title stands in English and Indonesian. Raises
    ``NewStageError``, with nothing written, when the name is no such name or is taken, or a title is empty.
    """
    found = NAME.fullmatch(name)
    if not found:
        raise NewStageError(
            f"{name!r} is no name of a stage: two digits, an underscore, words in small letters: 15_rain"
        )
    number, words = found.groups()
    stages = declared.stages()
    taken = [*stages, *(path.stem for path in paths.NOTEBOOKS.glob("*.ipynb"))]
    if other := [known for known in taken if known.startswith(f"{number}_")]:
        raise NewStageError(f"{number} is the number of {other[0]}")
    titles = [" ".join(title.split()) for title in (question, pertanyaan)]
    if not all(titles):
        raise NewStageError("the title is needed in English and in Indonesian")
    notebook, picture = paths.NOTEBOOKS / f"{name}.ipynb", paths.ROOT / PICTURE
    text, page = (path.read_text(encoding="utf-8") for path in (paths.PIPELINE, picture))
    if len(text.split(SITE)) != 2 or not re.search(LISTED, _site(text)):
        raise NewStageError(f"{paths.shown(paths.PIPELINE)} has no stage `site` that lists the results of others")
    if BOX not in page or not re.search(ARROW, page, re.MULTILINE):
        raise NewStageError(f"{PICTURE.as_posix()} has no picture of the stages as it was made")
    try:
        made = _notebook(template, number, words, *titles).encode()
    except UnicodeEncodeError as error:
        raise NewStageError(f"the title has letters that are no text: {error.object!r}") from error
    # What it reads is found in the notebook itself.
    notebook.write_bytes(made)
    try:
        changed = {paths.PIPELINE: _with_stage(text, name), picture: _drawn(page, number, words, _needs(name, stages))}
    except BaseException:
        notebook.unlink()
        raise
    for path, content in changed.items():
        path.write_text(content, encoding="utf-8")
    return [notebook, *changed]


def _needs(name: str, stages: dict[str, Any]) -> list[str]:
    """Boxes of the stages whose results a notebook reads."""
    outs = _outs(stages)
    return sorted({f"n{made[:2]}" for dep in dependencies(name) for made in outs if dep in outs[made]})


def _outs(stages: dict[str, Any]) -> dict[str, list[str]]:
    """Files that each numbered stage but the first makes; the gate of the first is drawn to few."""
    numbered = {name: stage for name, stage in stages.items() if NAME.fullmatch(name) and not name.startswith("00_")}
    return {name: [out for out in stage.get("outs", []) if isinstance(out, str)] for name, stage in numbered.items()}


def _notebook(template: Path, number: str, words: str, question: str, pertanyaan: str) -> str:
    notebook = json.loads(template.read_text(encoding="utf-8"))
    filled = {"TITLE": question, "JUDUL": pertanyaan, "TOPIC": words}
    for place, cell in enumerate(notebook["cells"], 1):
        cell["id"] = f"{number}-{place:02}"
        cell["source"] = [re.sub("|".join(filled), lambda found: filled[found[0]], line) for line in cell["source"]]
    return json.dumps(notebook, indent=1, ensure_ascii=False) + "\n"


def _with_stage(text: str, name: str) -> str:
    """``dvc.yaml`` with the stage before the site, which reads its results."""
    before, site = text.split(SITE)
    deps, params = (
        "".join(f"    - {entry}\n" for entry in entries) for entries in (dependencies(name), _parameters(name))
    )
    stage = (
        f"  {name}:\n    cmd: {RUN} {name}\n    deps:\n{deps}    params:\n{params}    outs:\n    - results/{name}\n"
        f"    metrics:\n    - results/metrics/{name}.json:\n        cache: false\n\n"
    )
    last = re.findall(LISTED, _site(text))[-1]
    own = _site(text)
    return before + stage + SITE + site.replace(own, own.replace(last, f"{last}    - results/{name}\n"), 1)


def _site(text: str) -> str:
    """The entry of the site in ``dvc.yaml``, without its first line."""
    return re.split(r"^(?:  )?\S", text.split(SITE)[1], maxsplit=1, flags=re.MULTILINE)[0]


def _parameters(name: str) -> list[str]:
    """The parameters that the notebook assigns, with the sections in which they stand."""
    assigned = assigned_parameters(name)
    sections = yaml_text.read(paths.PARAMS)
    return [f"{section}.{leaf}" for section, values in sections.items() for leaf in values if leaf in assigned]


def _drawn(text: str, number: str, words: str, needs: list[str]) -> str:
    """The page with the stage in its picture: among the models, after what it reads, before the site."""
    box = f'        n{number}["{number} {words.replace("_", " ")}"]\n'
    arrow = f"    {' & '.join(needs)} --> n{number}\n" if needs else ""
    text = text.replace(BOX, box + BOX, 1)
    drawn = re.compile(ARROW, re.MULTILINE)
    return drawn.sub(lambda line: arrow + line[0].replace(QUALITY, f" & n{number}{QUALITY}"), text, count=1)
