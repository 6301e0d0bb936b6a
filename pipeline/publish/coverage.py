"""Published estimates of 03_clean_evidence: how much was measured, and how well."""

import pandas as pd

from pipeline.publish.estimates import Estimate, split_sources


def coverage_estimates(effects: pd.DataFrame) -> list[Estimate]:
    """Counts over the clean table of effects."""
    pooled = effects[effects["is_poolable"]]
    counts = {
        "effects": (len(effects), "published effects"),
        "with_ratio": (effects["log_ratio"].notna().sum(), "effects with a ratio"),
        "with_error": (effects["log_ratio_se"].notna().sum(), "effects with a standard error"),
        "with_range": (effects["se_derivation"].fillna("").str.contains("range").sum(), "errors from a printed range"),
        "pooled": (len(pooled), "pooled effects"),
        "pooled_studies": (pooled["study_id"].nunique(), "pooled studies"),
        "pooled_indonesia": (_studies_in(pooled, "Indonesia"), "pooled studies in Indonesia"),
        "abstract_only": (_warned(effects, "abstract_only"), "effects read in an abstract"),
    }
    sources = split_sources(effects["source_id"])
    return [
        Estimate(
            f"evidence.{name}",
            float(number),
            unit,
            "cacao, all countries",
            "count",
            sources,
            len(effects),
            headline=name == "pooled",
        )
        for name, (number, unit) in counts.items()
    ]


def _studies_in(effects: pd.DataFrame, country: str) -> int:
    return effects.loc[effects["country"] == country, "study_id"].nunique()


def _warned(effects: pd.DataFrame, warning: str) -> int:
    return int(effects["warnings"].fillna("").str.contains(warning).sum())
