"""Texts in YAML: read by their keys, said in both languages, filled in, used, and found as what a stage depends on."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from pipeline.kit import paths
from pipeline.kit.language import Text, TextError, read_texts
from pipeline.kit.publish.figures import Caption
from pipeline.kit.stages.dependencies import RUN, code_of
from pipeline.kit.yaml_text import FileError
from pipeline.site import text_checks

PIPELINE = paths.ROOT / "pipeline"
FILES = sorted(PIPELINE.rglob("*.yaml"))
MODULES = sorted(PIPELINE.rglob("*.py"))
LONGEST_IN_CODE = 120
PLACEHOLDER = re.compile(r"\{([^}]*)\}")


def written(tmp_path: Path, text: str) -> Any:
    (tmp_path / "text.yaml").write_text(text, encoding="utf-8")
    return read_texts(str(tmp_path / "module.py"))


def leaves(found: Any, key: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], dict[str, str]]]:
    """Texts with their keys, as YAML has them."""
    for name, inner in found.items():
        if all(isinstance(part, str) for part in inner.values()):
            yield (*key, name), inner
        else:
            yield from leaves(inner, (*key, name))


def calls(path: Path) -> Iterator[tuple[str, list[Any]]]:
    """Names of what a module calls, with the texts among the arguments."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call):
            called = getattr(node.func, "id", getattr(node.func, "attr", ""))
            yield called, [argument.value for argument in node.args if isinstance(argument, ast.Constant)]


def literal(node: ast.expr) -> str:
    """The words that stand in code, without what is filled in."""
    parts = [part.value for part in ast.walk(node) if isinstance(part, ast.Constant)]
    return "".join(part for part in parts if isinstance(part, str))


# The reader.


def test_a_text_is_found_by_its_key_and_a_group_in_the_order_of_the_file(tmp_path: Path) -> None:
    texts = written(tmp_path, "b: {en: one, id: satu}\ng:\n  z: {en: two, id: dua}\n  a: {en: three, id: tiga}\n")
    assert texts.text("b") == Text("one", "satu")
    assert texts.text("g.z") == Text("two", "dua")
    assert list(texts.group("g").items()) == [("z", Text("two", "dua")), ("a", Text("three", "tiga"))]


def test_a_subject_has_a_file_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "names.yaml").write_text("a: {en: one, id: satu}", encoding="utf-8")
    assert read_texts(str(tmp_path / "names.py"), "names").text("a").id == "satu"


def test_nothing_is_read_before_a_text_is_asked_for(tmp_path: Path) -> None:
    texts = read_texts(str(tmp_path / "module.py"))
    with pytest.raises(FileError, match=re.escape("text.yaml cannot be read")):
        texts.text("a")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a: {en: one}", "text.yaml: a has no text in 'id'"),
        ("a: {id: satu}", "text.yaml: a has no text in 'en'"),
        ("a: {en: one, id: ' '}", "text.yaml: a has no text in 'id'"),
        ("a: {en: one, id: 1}", "text.yaml: a has no text in 'id'"),
        ("a: {b: {en: one, id: satu, fr: un}}", "text.yaml: a.b has fr beside its languages"),
        ("a: one", "text.yaml: a is neither a text in en and id nor a group"),
        ("a: {b: one}", "text.yaml: a.b is neither"),
        ("- one", "text.yaml holds no texts"),
        ("b: {en: one, id: satu}", "text.yaml: there is no text a"),
        ("a: {b: {en: one, id: satu}}", "text.yaml: a is a group of texts"),
    ],
)
def test_what_is_wrong_is_told_with_file_key_and_language(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(TextError, match=re.escape(told)):
        written(tmp_path, text).text("a")


def test_a_text_is_no_group_and_has_nothing_below_it(tmp_path: Path) -> None:
    texts = written(tmp_path, "a: {en: one, id: satu}\ng: {h: {b: {en: two, id: dua}}}")
    for key in ("a", "g"):
        with pytest.raises(TextError, match=f"{key} is not a group of texts"):
            texts.group(key)
    with pytest.raises(TextError, match=re.escape("there is no text a.b")):
        texts.text("a.b")
    assert texts.groups("g") == {"h": {"b": Text("two", "dua")}}


@given(st.text(), st.text(), st.text())
def test_what_fills_a_text_is_taken_as_it_is(en: str, id: str, plain: str) -> None:
    said = Text("a {x}, {y} of {key.of:percent}", "{y} {key.of:percent}: {x}").fill(x=Text(en, id), y=plain)
    assert said == Text(f"a {en}, {plain} of {{key.of:percent}}", f"{plain} {{key.of:percent}}: {id}")


def test_a_name_that_nothing_fills_is_told() -> None:
    with pytest.raises(TextError, match=re.escape("nothing fills 'day' in 'on {day}'")):
        Text("on {day}", "pada {day}").fill(month="May")


def test_a_figure_has_title_caption_and_alternative_text_and_nothing_else(tmp_path: Path) -> None:
    part = "{en: e%s, id: i%s}"
    parts = {name: part % (name, name) for name in ("title", "caption", "alt", "note")}
    whole = "f: {" + ", ".join(f"{name}: {parts[name]}" for name in ("alt", "caption", "title")) + "}"
    assert Caption.read(written(tmp_path, whole), "f") == Caption(
        Text("etitle", "ititle"), Text("ecaption", "icaption"), Text("ealt", "ialt")
    )
    for number, names in enumerate((("title", "alt"), ("title", "caption", "alt", "note"))):
        folder = tmp_path / str(number)
        folder.mkdir()
        texts = written(folder, "f: {" + ", ".join(f"{name}: {parts[name]}" for name in names) + "}")
        with pytest.raises(TextError, match="a figure has title, caption and alt"):
            Caption.read(texts, "f")


# The files.


@pytest.mark.parametrize("path", FILES, ids=paths.shown)
def test_texts_are_said_in_both_languages_with_the_same_placeholders(path: Path) -> None:
    found = dict(leaves(yaml.safe_load(path.read_text(encoding="utf-8"))))
    assert found
    for key, text in found.items():
        assert set(text) == {"en", "id"}, key
        names = [sorted(set(PLACEHOLDER.findall(text[language]))) for language in ("en", "id")]
        assert names[0] == names[1], key


@pytest.mark.parametrize("path", FILES, ids=paths.shown)
def test_no_key_stands_twice(path: Path) -> None:
    waiting = [yaml.compose(path.read_text(encoding="utf-8"))]
    while waiting:
        node = waiting.pop()
        if isinstance(node, yaml.MappingNode):
            keys = [key.value for key, _ in node.value]
            assert len(keys) == len(set(keys)), keys
            waiting += [value for _, value in node.value]


def readers(path: Path) -> list[Path]:
    """Modules that read a file, and those of their folder that take the texts from them."""
    subject = [path.stem] if path.stem != "text" else []
    beside = [module for module in MODULES if module.parent == path.parent]
    taken = re.compile(r"import .*\bTEXTS\b|^    TEXTS,$", re.MULTILINE)
    return [
        module
        for module in beside
        if ("read_texts", subject) in list(calls(module)) or taken.search(module.read_text(encoding="utf-8"))
    ]


@pytest.mark.parametrize("path", FILES, ids=paths.shown)
def test_every_text_is_asked_for(path: Path) -> None:
    asked = {str(words[0]) for module in readers(path) for _, words in calls(module) if words}
    code = "\n".join(module.read_text(encoding="utf-8") for module in readers(path))
    for key in yaml.safe_load(path.read_text(encoding="utf-8")):
        # By its name, or with one below it that is made up: f"labels.{name}".
        assert key in asked or f'"{key}.' in code, key


@pytest.mark.parametrize("path", [path for path in FILES if path.stem == "answers"], ids=paths.shown)
def test_every_part_of_an_answer_is_asked_for(path: Path) -> None:
    code = "\n".join(module.read_text(encoding="utf-8") for module in readers(path))
    for key, _ in leaves(yaml.safe_load(path.read_text(encoding="utf-8"))):
        assert re.search(rf"""["']{key[-1]}["']""", code), key


def test_every_word_of_the_frame_is_shown() -> None:
    words = yaml.safe_load((PIPELINE / "site" / "text.yaml").read_text(encoding="utf-8"))["words"]
    pages = "\n".join(p.read_text(encoding="utf-8") for p in (PIPELINE / "site" / "theme").rglob("*.html"))
    code = "\n".join(p.read_text(encoding="utf-8") for p in (PIPELINE / "site").glob("*.py"))
    # Sources that are no publications have a word each: say[key ~ "_value"].
    made_up = {f"{name}_value" for name in ("parameter", "prior", "plot_survey")} if '~ "_value"' in pages else set()
    shown = set(re.findall(r"\bsay\.(\w+)", pages)) | set(re.findall(r"""["'](\w+)["']""", code)) | made_up
    assert sorted(set(words) - shown) == []


def test_no_long_text_stands_in_code() -> None:
    long = [
        f"{paths.shown(path)}:{node.lineno}"
        for path in MODULES
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Text"
        if any(len(literal(argument)) > LONGEST_IN_CODE for argument in node.args)
    ]
    assert long == []


# What depends on them.


def test_a_module_brings_the_texts_that_it_reads_and_no_others() -> None:
    found = code_of("charts", "python -m pipeline.study.causes.charts")
    assert {paths.shown(path) for path in found if path.suffix == ".yaml"} == {
        "pipeline/study/causes/text.yaml",
        "pipeline/study/names.yaml",
    }


@pytest.mark.parametrize(
    ("text", "stages"),
    [
        ("pests/text.yaml", {"07_model_pests"}),
        ("scenarios/text.yaml", {"10_scenarios"}),
        ("scenarios/answers.yaml", {"10_scenarios", "12_brief"}),
        ("plots/text.yaml", {"13_survey", "14_survey_design"}),
        ("brief.yaml", {"12_brief"}),
    ],
)
def test_a_changed_text_runs_the_notebooks_that_say_it(text: str, stages: set[str]) -> None:
    notebooks = [path.stem for path in paths.NOTEBOOKS.glob("*.ipynb")]
    assert {
        name for name in notebooks if paths.ROOT / "pipeline/study" / text in code_of(name, f"{RUN} {name}")
    } == stages


def test_every_file_of_texts_belongs_to_a_module() -> None:
    assert [paths.shown(path) for path in FILES if not readers(path)] == []


def test_bare_numerals_in_yaml_are_told_with_key_and_language() -> None:
    text = "a:\n  title: {en: In 2025, id: Pada 2025}\n  alt:\n    en: gains 38 %\n    id: naik {n} dari 41\n"
    told = [line.split(" in ")[0] for line in text_checks.in_yaml(text)]
    assert told == ["a.alt.en: '38'", "a.alt.id: '41'"]
