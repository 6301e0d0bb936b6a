"""Figures of 03_clean_evidence: how much was measured, and the one long trial."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from pipeline.kit.data.citations import join, of_tables
from pipeline.kit.language import read_texts
from pipeline.kit.publish.estimates import Estimate
from pipeline.kit.publish.figures import BLUE, GREEN, GREY, ORANGE, Caption, label, localise, year_axis
from pipeline.kit.publish.keys import Key
from pipeline.study.names import MEASURES

TEXTS = read_texts(__file__)

EVIDENCE_COUNTS = Caption.read(TEXTS, "evidence_counts")
SHADE_TRIAL = Caption.read(TEXTS, "shade_trial")


def evidence_counts(effects: pd.DataFrame) -> pd.DataFrame:
    """Number of published effects per kind of measure: pooled, ratio known but not pooled, no ratio."""
    chosen = effects[effects["measure"].isin(list(MEASURES))]
    kind = np.select([chosen["is_poolable"], chosen["log_ratio"].notna()], ["pooled", "other_scale"], "no_ratio")
    counts = pd.crosstab(chosen["measure"], kind).reindex(index=list(MEASURES), fill_value=0)
    counts = counts.reindex(columns=["pooled", "other_scale", "no_ratio"], fill_value=0)
    cited = chosen.groupby("measure")["source_id"].agg(lambda cited: join(*cited))
    return counts.assign(source_id=cited.reindex(counts.index)).reset_index()


def draw_evidence_counts(axes: Axes, data: pd.DataFrame, language: str) -> None:
    """Stacked bars, one per kind of measure."""
    parts = {
        "pooled": (BLUE, label(language, "yield ratio, pooled", "rasio hasil, digabung")),
        "other_scale": (
            ORANGE,
            label(language, "ratio on another scale or not credible", "rasio skala lain atau kurang layak"),
        ),
        "no_ratio": ("white", label(language, "no ratio in print", "tanpa rasio tercetak")),
    }
    left = np.zeros(len(data))
    for column, (colour, text) in parts.items():
        # White with an outline: the effects that cannot be pooled stand back, and still are seen.
        axes.barh(range(len(data)), data[column], left=left, color=colour, edgecolor=GREY, linewidth=0.8, label=text)
        left = left + data[column].to_numpy()
    axes.set_yticks(range(len(data)), [MEASURES[name].in_language(language) for name in data["measure"]])
    axes.invert_yaxis()
    axes.set_xlabel(label(language, "Published effects", "Jumlah pengaruh yang diterbitkan"))
    axes.set_ylabel(label(language, "Measure", "Tindakan"))
    axes.grid(axis="y", visible=False)
    axes.legend(fontsize=8)


def draw_shade_trial(axes: Axes, data: pd.DataFrame, language: str) -> None:
    """Twenty years of yield under three levels of shade."""
    names = {
        "none": (ORANGE, label(language, "no shade", "tanpa naungan")),
        "medium": (BLUE, label(language, "medium shade", "naungan sedang")),
        "heavy": (GREEN, label(language, "heavy shade", "naungan rapat")),
    }
    for shade, (colour, text) in names.items():
        rows = data[data["shade"] == shade]
        axes.plot(rows["year"], rows["yield_kg_per_ha"], color=colour, linewidth=1.6, label=text)
    year_axis(axes, language)
    axes.set_ylabel(label(language, "Yield (kg/ha)", "Hasil (kg/ha)"))
    axes.set_ylim(0, None)
    localise(axes, language)
    axes.legend(fontsize=8)


def coverage_estimates(effects: pd.DataFrame) -> list[Estimate]:
    """Counts over the clean table of effects."""
    pooled = effects[effects["is_poolable"]]
    here = pooled[pooled["country"] == "Indonesia"]
    is_range = effects["se_derivation"].fillna("").str.contains("range")
    is_abstract = effects["warnings"].fillna("").str.contains("abstract_only")
    counts = {
        "effects": (effects, "published effects"),
        "with_ratio": (effects[effects["log_ratio"].notna()], "effects with a ratio"),
        "with_error": (effects[effects["log_ratio_se"].notna()], "effects with a standard error"),
        "with_range": (effects[is_range], "errors from a printed range"),
        "pooled": (pooled, "pooled effects"),
        "pooled_studies": (pooled, "pooled studies"),
        "pooled_indonesia": (here, "pooled studies in Indonesia"),
        "abstract_only": (effects[is_abstract], "effects read in an abstract"),
    }
    return [
        Estimate(
            Key("evidence", (), name),
            float(counted["study_id"].nunique() if "studies" in unit else len(counted)),
            unit,
            "cacao, Indonesia" if name == "pooled_indonesia" else "cacao, all countries",
            "count",
            _counted_rows(counted, "pooled" in name),
            len(counted),
            "effects",
            headline=name == "pooled",
        )
        for name, (counted, unit) in counts.items()
    ]


def _counted_rows(effects: pd.DataFrame, is_pooled: bool) -> tuple[str, ...]:
    """What a count of effects cites: their rows, and of pooled ones the rows of their studies, whose design decides."""
    studies = effects["study_cites"] if is_pooled else []
    return of_tables([*effects["source_id"], *studies], "effects", "evidence_studies")
