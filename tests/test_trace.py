"""The chain behind a number: complete and true to the files; and why a stage would run again."""

import json
import random
import re
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import row_audit
import yaml
from reproduction import dvc

from pipeline import cli
from pipeline.kit import paths
from pipeline.kit.provenance import lineage
from pipeline.kit.provenance.trace import Look, find, told_of_parameter, trace
from pipeline.kit.provenance.trace_pages import text_page
from pipeline.params import describe

# Told in messages about a line that is not there; none of these tables has a line break within a cell.
LINES_OF_COSTS = len((paths.RAW / "costs.csv").read_text().splitlines())
LINES_OF_EFFECTS = len((paths.RAW / "effects.csv").read_text().splitlines())
NOT_PUBLISHED_BY_ANYONE = {"parameter", "prior", "plot_survey"}


def raw_rows(chain: dict) -> pd.DataFrame:
    """The raw rows that a chain names, read from the lines it gives and from nothing else."""
    parts = []
    for table in chain["raw"]:
        frame = pd.read_csv(paths.ROOT / table["path"])
        numbers = [part.split("-") for part in table["lines"].split(", ")]
        lines = [line for ends in numbers for line in range(int(ends[0]), int(ends[-1]) + 1)]
        assert len(lines) == table["rows_used"]
        parts.append(frame.iloc[[line - 2 for line in lines]].assign(table=table["path"]))
    return pd.concat(parts) if parts else pd.DataFrame({"source_id": []})


def recomputed(chain: dict, rows: pd.DataFrame) -> float | None:
    """The published value made again from the raw rows of its chain; none where that takes a model.

    The rows are those of the number alone: there is nothing to choose from.
    """
    subject = chain["subject"]
    if subject["method"] == "published figure":
        [value] = rows["value"]
        return value
    if subject["method"] == "production over area as published":
        [tonnes] = rows.loc[rows["quantity"] == "production", "value"]
        [hectares] = rows.loc[rows["quantity"].str.startswith("area"), "value"]
        return 1000 * tonnes / hectares
    if subject["method"] == "mean of months":
        # Nutrients of cocoa NPK, 14-12-16, as urea (46 % N), TSP (46 %) and KCl (60 %).
        urea, tsp, kcl = (rows[f"{name}_usd_per_t"] / 1000 for name in ("urea", "tsp", "kcl"))
        npk = 0.14 / 0.46 * urea + 0.12 / 0.46 * tsp + 0.16 / 0.60 * kcl
        return float((npk / rows["cocoa_usd_per_kg"]).mean())
    if subject["method"] == "count" and subject["name"] in (
        "evidence.effects",
        "statistics.figures",
        "evidence.pooled",
    ):
        # An effect with a dose also cites the arms that received it.
        return float(rows["effect_id"].notna().sum() if "effect_id" in rows else len(rows))
    return None


def all_keys() -> list[str]:
    return [key for path in sorted(paths.RESULTS.glob("*/estimates.csv")) for key in pd.read_csv(path)["key"]]


def restated_keys() -> list[str]:
    frames = pd.concat([pd.read_csv(path) for path in sorted(paths.RESULTS.glob("*/estimates.csv"))])
    plain = frames["method"].isin(["published figure", "production over area as published", "mean of months"])
    return [*frames.loc[plain, "key"], "evidence.effects", "evidence.pooled", "statistics.figures"]


def test_a_cell_without_rows_of_its_own_says_that_they_are_those_of_the_table(reproduced: Path) -> None:
    own = trace("results/10_scenarios/tables/summary.csv:2:cost_idr_per_ha")
    whole = trace("results/05_model_evidence/tables/draws.csv:2:pruning")
    assert "rows used" not in own["subject"]
    assert "whole table" in whole["subject"]["rows used"]
    assert "rows used: those of the whole table" in text_page(whole)


@pytest.mark.parametrize("stage", ["05_model_evidence", "07_model_pests"])
def test_a_count_of_studies_rests_on_the_rows_of_these_studies_alone(reproduced: Path, stage: str) -> None:
    file = f"results/{stage}/tables/certainty.csv"
    table = pd.read_csv(reproduced / file)
    counted = table[(table["studies"] > 0) & (table["measure"] != "shade")]
    assert len(counted) > 3
    for index, row in counted.iterrows():
        chain = trace(f"{file}:{index + 2}:studies")
        rows = raw_rows(chain)
        assert rows.loc[rows["table"] == "data/raw/effects.csv", "study_id"].nunique() == row["studies"], row["measure"]
        assert len(raw_rows(trace(f"{file}:{index + 2}:steps"))) > len(rows), "a grade hears the other measures too"


def test_warnings_of_what_was_made_of_the_rows_are_told(reproduced: Path) -> None:
    table = pd.read_csv(paths.RESULTS / "09_attribution" / "estimates.csv").set_index("key")
    listed = set(table.at["cause.fertilizer", "warnings"].split(";"))
    assert "imputed" in listed
    assert listed <= set(trace("cause.fertilizer")["warnings"])


def test_numbers_picked_at_random_lead_to_raw_rows_and_come_out_again(reproduced: Path) -> None:
    seed = random.SystemRandom().randrange(10**9)
    drawn = random.Random(seed).sample(all_keys(), 20)
    for key in drawn:
        told = f"{key} (seed {seed})"
        chain = trace(key)
        rows = raw_rows(chain)
        cited = {source for listed in rows["source_id"].dropna() for source in listed.split(";")}
        cited |= {row["source"] for p in chain["parameters"] if p["rests_on_it"] for row in p["rests_on"]}
        needed = {source["id"] for source in chain["sources"]} - NOT_PUBLISHED_BY_ANYONE
        assert needed == cited, f"{told}: {sorted(needed ^ cited)}"
        assert chain["stages"][0]["notebook"]["cells"], f"{told}: no cell publishes it"
        states = [entry["state"] for stage in chain["stages"] for entry in [*stage["reads"], *stage["code"]]]
        assert set(states) | {chain["file"]["state"]} == {"as recorded"}, told
        value = recomputed(chain, rows)
        assert value is None or value == pytest.approx(chain["subject"]["value"], rel=1e-5), told


def test_every_number_that_needs_no_model_comes_out_again_from_the_rows_of_its_chain(reproduced: Path) -> None:
    keys = restated_keys()
    assert len(keys) >= 20
    for key in keys:
        chain = trace(key)
        assert recomputed(chain, raw_rows(chain)) == pytest.approx(chain["subject"]["value"], rel=1e-5), key


def test_chains_that_share_a_look_are_those_of_numbers_traced_alone(reproduced: Path) -> None:
    look, drawn = Look(), random.Random(7).sample(all_keys(), 12)
    together = {key: trace(key, look=look) for key in drawn}
    for key in reversed(drawn):
        assert together[key] == trace(key), key


def test_the_function_that_built_every_number_stands_in_the_code(reproduced: Path) -> None:
    for key in all_keys():
        built_by = find(key).facts["built_by"]
        if "cell" in built_by:
            continue
        line = (paths.ROOT / built_by["path"]).read_text(encoding="utf-8").splitlines()[built_by["line"] - 1]
        assert line.startswith(f"def {built_by['name']}("), key
    in_notebook = {"path": "notebooks/12_brief.ipynb", "cell": "12-03"}
    assert find("price.fertilizer_multiplier").facts["built_by"] == in_notebook
    assert "line" not in trace("fertilizer.gain", reads_code=False)["subject"]["built_by"]


def test_effects_come_out_again_from_the_draws_the_chain_leads_to(reproduced: Path) -> None:
    chain = trace("fertilizer.gain")
    read = {entry["path"] for entry in chain["stages"][0]["reads"]}
    handed_on = [f"results/13_survey/tables/{name}.csv" for name in ("effects", "present")]
    assert set(handed_on) <= read
    effect, present = (pd.read_csv(reproduced / path) for path in handed_on)
    effect = effect["mineral_fertilizer"]
    made = np.median(present["yield_kg_per_ha"].to_numpy() * np.expm1(effect.to_numpy()[: len(present)]))
    assert made == pytest.approx(chain["subject"]["value"], rel=0.05)


def test_a_number_is_told_with_interval_stage_cell_parameters_rows_and_licence(
    reproduced: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["trace", "fertilizer.gain"]) == 0
    text = capsys.readouterr().out
    for words in (
        "kg/ha", "90 % interval", "06_model_fertilizer", "cells 06-", "fertilizer.dose_kg_per_ha = 400", "sha256",
        "data/raw/effects.csv: ", "licence: ", "may be passed on: ", "as recorded", "cite as: ", "read as ",
        "same source, not used: ", "abstract_only", "seed: 20250625", "in a copy, https://", "address: https://",
        "built by fertilizer_estimates, pipeline/study/fertilizer/estimates.py, line ",
    ):  # fmt: skip
        assert words in text, words
    assert ": changed" not in text


def test_a_number_that_is_a_parameter_leads_to_what_the_parameter_restates(reproduced: Path) -> None:
    chain = trace("attainable")
    [assumed] = [parameter for parameter in chain["parameters"] if parameter["rests_on_it"]]
    assert assumed["name"] == "yield_gap.attainable_kg_per_ha"
    found = {(row["table"], row["id"]): row for row in assumed["rests_on"]}
    assert set(found) == {("baselines", "B016b"), ("kaltim_statistics", "K051"), ("kaltim_statistics", "K052")}
    raw = pd.read_csv(reproduced / "data/raw/kaltim_statistics.csv")
    crop, area = (raw.iloc[found["kaltim_statistics", key]["line"] - 2] for key in ("K052", "K051"))
    assert (crop["quantity"], area["quantity"]) == ("production", "area_mature")
    assert crop["value"] * 1000 / area["value"] == assumed["value"]
    assert {source["id"] for source in chain["sources"]} == {"parameter", "konam_ipdm", "berita3_2019_08"}


def test_a_parameter_that_was_changed_restates_nothing(reproduced: Path) -> None:
    about = describe()["yield_gap.attainable_kg_per_ha"]
    assert told_of_parameter("yield_gap.attainable_kg_per_ha", 1200.0, "04_yield_gap", about)["rests_on"] == []


def test_rows_used_and_others_of_the_same_source_are_told_apart(reproduced: Path) -> None:
    for key in ("kutai_timur.area_2025", "fertilizer_cocoa_ratio.2022", "loss.black_pod"):
        chain = trace(key)
        sources = {source["id"] for source in chain["sources"]}
        for table in chain["raw"]:
            raw = pd.read_csv(reproduced / table["path"])
            same = raw["source_id"].isin(sources).sum()
            assert table["rows_used"] + table["rows_not_used"] == same, (key, table["path"])
    [prices] = [table for table in trace("fertilizer_cocoa_ratio.2022")["raw"] if "worldbank" in table["path"]]
    assert (prices["rows_used"], prices["rows_not_used"] > 700) == (12, True)
    months = pd.read_csv(reproduced / prices["path"]).iloc[int(prices["lines"].split("-")[0]) - 2 :][:12]
    assert set(months["year"]) == {2022}


def test_every_row_that_is_cited_is_a_raw_row_of_that_source(reproduced: Path) -> None:
    """In every number, table, figure and clean table: nothing registered is cited without its row."""
    registered = set(yaml.safe_load((reproduced / "data/raw/sources.yaml").read_text())["sources"])
    raw = {path.stem: pd.read_csv(path)["source_id"] for path in (reproduced / "data/raw").glob("*.csv")}
    looked_at, pairs = 0, set()
    for path in [*reproduced.glob("results/**/*.csv"), *reproduced.glob("data/clean/*.csv")]:
        if {"site", "reference"} & set(path.parts):
            continue
        frame = pd.read_csv(path, dtype="str")
        column = next((name for name in ("source_id", "source_ids", "sources") if name in frame), None)
        if column:
            looked_at += 1
            assert "raw_rows" in frame, path
            known = frame[frame[column].notna()]
            pairs |= set(zip(known[column], known["raw_rows"].fillna(""), strict=True))
    for path in reproduced.glob("results/*/figures/*.json"):
        words = json.loads(path.read_text())
        pairs.add((";".join(words["sources"]), ";".join(words["raw_rows"])))
    assert looked_at > 60
    for sources, rows in pairs:
        for source, own in zip(sources.split(";"), rows.split(";"), strict=True):
            assert (source in registered) == bool(row_audit.rows_cited(own)), (source, own)
            assert all(raw[table][line - 2] == source for table, line in row_audit.rows_cited(own)), (source, own)


def test_every_table_and_every_figure_says_what_it_rests_on(reproduced: Path) -> None:
    files = [*reproduced.glob("results/*/tables/*.csv"), *reproduced.glob("results/*/figures/*.csv")]
    assert len(files) > 70
    empty = {"flags.csv"}  # Of no plots there is nothing to say.
    for path in files:
        name = str(path.relative_to(reproduced))
        assert find(name).cites or path.name in empty, name
        frame = pd.read_csv(path)
        if len(frame):
            cell = find(f"{name}:{len(frame) + 1}:{frame.columns[0]}")
            assert cell.cites or cell.kind == "chosen", name


def test_a_number_of_a_stage_that_cleans_leads_to_its_clean_row(reproduced: Path) -> None:
    chain = trace("kutai_timur.area_2025")
    (clean,) = [table for table in chain["tables"] if table["path"] == "data/clean/regional_statistics.csv"]
    row = pd.read_csv(reproduced / clean["path"]).iloc[int(clean["lines"]) - 2]
    assert (clean["rows_used"], row["value"]) == (1, chain["subject"]["value"])
    assert "n: 1 (raw rows)" in text_page(chain)


def test_a_place_on_an_axis_rests_on_no_row(reproduced: Path) -> None:
    chosen = trace("results/07_model_pests/tables/chances.csv:427:attacked_percent")
    assert chosen["subject"]["kind"] == "chosen"
    assert (chosen["raw"], chosen["tables"], chosen["sources"]) == ([], [], [])
    assert not [parameter for parameter in chosen["parameters"] if parameter["rests_on_it"]]
    assert "no raw row moves it" in text_page(chosen)
    assert trace("results/07_model_pests/tables/chances.csv:427:chance")["raw"]
    # In a figure that also draws prices only the curve stands at chosen places.
    doses = pd.read_csv(reproduced / "results/06_model_fertilizer/figures/optimal_dose.csv")
    curve, case = (doses.index[doses["kind"] == kind][0] + 2 for kind in ("curve", "case"))
    figure = "results/06_model_fertilizer/figures/optimal_dose.csv"
    assert trace(f"{figure}:{curve}:price_ratio")["subject"]["kind"] == "chosen"
    assert trace(f"{figure}:{case}:price_ratio")["raw"]


def test_machines_get_the_same_chain(reproduced: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for subject in ("cause.pod_borer", "results/06_model_fertilizer/tables/price_cases.csv:2:source_id"):
        assert cli.main(["trace", subject, "--json"]) == 0
        assert json.loads(capsys.readouterr().out) == json.loads(json.dumps(trace(subject)))


def test_figures_tables_and_cells_are_found_by_path_and_by_name(reproduced: Path) -> None:
    figure = trace("results/05_model_evidence/figures/forest.id.svg")
    assert figure["subject"]["kind"] == "figure"
    assert figure["stages"][0]["notebook"]["cells"] == ["05-08"]
    assert trace("forest")["sources"] == figure["sources"]
    assert trace("results/05_model_evidence/figures/forest.en.pdf")["sources"] == figure["sources"]
    cell = trace("clean/effects:2:log_ratio")
    row = pd.read_csv(reproduced / "data/clean/effects.csv").iloc[0]
    assert float(cell["subject"]["value"]) == row["log_ratio"]
    assert [source["id"] for source in cell["sources"]] == [row["source_id"]]
    assert [(table["path"], table["lines"]) for table in cell["raw"]] == [("data/raw/effects.csv", "2")]
    raw = trace("raw/effects:2:effect_value")
    assert (raw["stages"], raw["file"]["state"]) == ([], "as recorded")
    assert [(table["path"], table["lines"]) for table in raw["raw"]] == [("data/raw/effects.csv", "2")]
    assert raw["sources"][0]["id"] == pd.read_csv(reproduced / "data/raw/effects.csv")["source_id"].iloc[0]


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ("feritlizer.gain", "fertilizer.gain"),
        ("effects", "stands for several files"),
        ("clean/effects:1:log_ratio", f"no line '1': rows stand on lines 2 to {LINES_OF_EFFECTS}"),
        ("clean/effects:x:log_ratio", "no line 'x'"),
        ("clean/effects:2:ratio", "no column 'ratio'; it has effect_id"),
        ("../outside.csv", "no estimate, file, figure or table has this name"),
        ("", "no estimate, file, figure or table has this name"),
    ],
)
def test_what_cannot_be_traced_is_explained(
    reproduced: Path, capsys: pytest.CaptureFixture[str], asked: str, told: str
) -> None:
    assert cli.main(["trace", asked]) == 1
    assert told in capsys.readouterr().err


def test_a_source_without_a_record_stops_the_chain(changeable: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = changeable / "results/06_model_fertilizer/estimates.csv"
    path.write_text(path.read_text().replace("hoffmann_2020", "nobody_1900"))
    assert cli.main(["trace", "fertilizer.gain"]) == 1
    assert "source 'nobody_1900' has no record" in capsys.readouterr().err


def test_a_file_changed_by_hand_is_told(changeable: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with (changeable / "results/05_model_evidence/estimates.csv").open("a") as file:
        file.write("\n")
    assert cli.main(["trace", "effect.training"]) == 0
    assert "of results/05_model_evidence: changed" in capsys.readouterr().out


def test_the_page_carries_the_chain_and_loads_nothing(
    reproduced: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []
    monkeypatch.setattr("webbrowser.open", opened.append)
    monkeypatch.setenv(paths.STAGING_VARIABLE, str(tmp_path))
    assert cli.main(["trace", "cause.pod_borer", "--open"]) == 0
    page = (tmp_path / "trace.html").read_text()
    assert opened == [(tmp_path / "trace.html").as_uri()]
    assert "cause.pod_borer" in page
    assert "sabah_cpb_damage" in page
    assert not any(word in page for word in ("src=", "href=", "<script", "@import"))


def test_why_names_the_parameter_and_both_values(changeable: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["status", "--check"]) == 0
    params = changeable / "params.yaml"
    params.write_text(params.read_text().replace("dose_kg_per_ha: 400.0", "dose_kg_per_ha: 300.0"))
    capsys.readouterr()
    assert cli.main(["why", "06_model_fertilizer"]) == 0
    assert "parameter fertilizer.dose_kg_per_ha: 400.0 -> 300.0" in capsys.readouterr().out
    assert cli.main(["why", "12_brief"]) == 0
    assert "only if one of these changes" in capsys.readouterr().out
    assert cli.main(["why", "04_yield_gap"]) == 0
    told = capsys.readouterr().out
    assert "04_yield_gap\n" not in told.replace("04_yield_gap would", "")
    assert cli.main(["status"]) == 0
    assert cli.main(["status", "--check"]) == 1


def test_why_agrees_with_dvc(changeable: Path) -> None:
    module = changeable / "pipeline/study/fertilizer/best_dose.py"
    module.write_text(module.read_text() + "# changed\n")
    (changeable / "data/clean/effects.csv").unlink()
    shutil.rmtree(changeable / "results/08_model_price_response/figures")
    stale = set(lineage.stale())
    assert stale >= set(json.loads(dvc(changeable, "status", "--json").stdout))
    # DVC knows whom a module concerns once its own listing of code is written.
    dvc(changeable, "repro", "code")
    assert stale - {"code"} == set(json.loads(dvc(changeable, "status", "--json").stdout))
    assert any("best_dose.py: md5" in line for line in lineage.reasons("06_model_fertilizer"))
    assert any(line.endswith("missing") for line in lineage.reasons("03_clean_evidence"))


def test_an_unknown_stage_and_a_missing_lock_are_explained(
    changeable: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["why", "99_nothing"]) == 1
    assert "there is no stage '99_nothing'; there are code, 00_inputs" in capsys.readouterr().err
    (changeable / "dvc.lock").unlink()
    lineage.read_stages.cache_clear()
    assert cli.main(["status"]) == 1
    assert "run `dvc repro`" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ("x" * 5000, "x" * 80 + "...: no estimate"),
        ("", "'': no estimate"),
        ("a\x1b[31m\nb", r"a\x1b[31m\nb: no estimate"),
        ("caf\udce9", r"caf\udce9: no estimate"),
        ("a\0b", r"a\x00b: no estimate"),
        ("/etc/hosts", "/etc/hosts: no estimate"),
        ("data/../../hosts", "data/../../hosts: no estimate"),
        ("data/raw", "data/raw: no estimate"),
        (
            "data/raw/costs.csv:0:value",
            f"data/raw/costs.csv has no line '0': rows stand on lines 2 to {LINES_OF_COSTS}",
        ),
        ("data/raw/costs.csv:2:" + "y" * 500, "data/raw/costs.csv has no column '" + "y" * 80 + "...'; it has cost_id"),
    ],
)
def test_whatever_is_asked_is_answered_in_a_line(
    reproduced: Path, capsys: pytest.CaptureFixture[str], asked: str, told: str
) -> None:
    assert cli.main(["trace", asked]) == 1
    shown = capsys.readouterr().err
    assert shown.startswith(told)
    assert len(shown) < 500
    assert shown.removesuffix("\n").isprintable()


def test_a_link_that_leads_out_of_the_project_is_no_file_of_it(changeable: Path, capsys) -> None:
    (changeable / "scratch").mkdir(exist_ok=True)
    (changeable / "scratch" / "hosts").symlink_to("/etc/hosts")
    assert cli.main(["trace", "scratch/hosts"]) == 1
    assert "scratch/hosts: no estimate" in capsys.readouterr().err


def test_only_what_is_committed_is_said_to_be_kept(changeable: Path) -> None:
    (changeable / "own.csv").write_text("a\n1\n")
    assert trace("own.csv")["file"]["state"] == "not kept in git: no record says where it comes from"
    (changeable / "results" / "own.csv").write_text("a\n1\n")
    assert trace("results/own.csv")["file"]["state"] == "not kept in git: no record says where it comes from"
    assert trace("params.yaml")["file"]["state"] == "kept in git"
    (changeable / "params.yaml").write_text((changeable / "params.yaml").read_text() + "# more\n")
    assert trace("params.yaml")["file"]["state"] == "changed since it was committed"
    (changeable / ".git").rename(changeable / "git")
    assert trace("own.csv")["file"]["state"] == "no record of it: this is no git repository"


def test_hashes_are_those_of_dvc(reproduced: Path) -> None:
    for stage in lineage.read_stages().values():
        for path, md5 in {**stage.deps, **stage.outs}.items():
            assert lineage.state(path, md5) == "as recorded", (stage.name, path)


def test_stages_come_in_one_order_whatever_was_run_first(tmp_path) -> None:
    recorded = yaml.safe_load((paths.ROOT / "dvc.lock").read_text(encoding="utf-8"))
    turned = recorded | {"stages": dict(reversed(recorded["stages"].items()))}
    (tmp_path / "dvc.lock").write_text(yaml.safe_dump(turned, sort_keys=False), encoding="utf-8")
    assert list(lineage.read_stages(tmp_path / "dvc.lock")) == list(lineage.read_stages())


def parameters_cited(root: Path) -> set[str]:
    """Names of all parameters that estimates and tables of the results cite, from the text of the files."""
    found = set()
    for path in (root / "results").glob("[0-9]*/**/*.csv"):
        frame = pd.read_csv(path, dtype="str")
        for listed in frame["raw_rows"].dropna().unique() if "raw_rows" in frame else ():
            for rows in re.findall(r"params:([\w.,]+)", listed):
                found |= set(rows.split(","))
    return found


def test_every_parameter_that_is_cited_is_one(reproduced: Path) -> None:
    """A name in the wrong section would be cited, and shown by no trace."""
    known = {f"{section}.{name}" for section, own in yaml_of(reproduced / "params.yaml").items() for name in own}
    cited = parameters_cited(reproduced)
    assert len(cited) > 30
    assert cited <= known
    # Rules of the cleaning that were once named by no number, though each moves some.
    assert {"cleaning.disagreement_ratio", "cleaning.price_outlier_factor", "panel.least_years"} <= cited
    assert {"cleaning.lowest_credible_yield", "prices.as_of", "survey_model.literature_weight"} <= cited
    assert {"validation.replicates", "survey_model.simulated_surveys", "survey_model.plots_per_village"} <= cited


def yaml_of(path: Path) -> dict[str, dict[str, object]]:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def test_a_cell_says_what_its_column_means_and_its_unit(reproduced: Path) -> None:
    for asked, meaning, unit in (
        ("results/10_scenarios/tables/cost_curve.csv:2:value", "Cost of an extra kg: one over the median", "Rp/kg"),
        ("results/14_survey_design/figures/sample_size.csv:23:plots", "Number of plots", ""),
        ("clean/regional_statistics:2:value", "Value in standard unit", row_of("regional_statistics")["unit"]),
        ("clean/effects:2:log_ratio", "Log response ratio", "log ratio"),
    ):
        subject = trace(asked)["subject"]
        assert subject["meaning"].startswith(meaning), asked
        assert subject.get("unit", "") == unit, asked
        assert f"meaning: {subject['meaning']}" in text_page(trace(asked))


def row_of(table: str) -> pd.Series:
    """The first row of a clean table."""
    return pd.read_csv(paths.CLEAN / f"{table}.csv").iloc[0]


def test_a_number_says_what_its_value_is(reproduced: Path) -> None:
    assert "value is: median of draws" in text_page(trace("fertilizer.gain"))
    assert "value is: published figure" in text_page(trace("export.reference_price"))


def test_a_chain_with_a_dated_source_is_told_for_machines_too(
    reproduced: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["trace", "data/raw/kaltim_statistics.csv:14:value", "--json"]) == 0
    chain = json.loads(capsys.readouterr().out)
    assert chain["sources"][0]["date_read"] == "2026-11-30"
    assert "6.886 hektare" in chain["subject"]["in the source"]


def test_a_weight_that_no_plot_has_moved_is_an_assumption(reproduced: Path) -> None:
    chain = trace("survey.literature_weight.training")
    assert [row["name"] for row in chain["parameters"] if row["rests_on_it"]] == ["survey_model.literature_weight"]
    assert chain["raw"] == []
    assert chain["subject"]["method"].startswith("assumed")
