"""Names that several questions use: of measures, causes and countries in both languages, from ``names.yaml``."""

from pipeline.kit.language import read_texts

_NAMES = read_texts(__file__, "names")
# The areas that a yield may be divided by.
BASIS = ("mature", "total", "unknown")
MEASURES = _NAMES.group("measures")
POOLED_MEASURES = {**MEASURES, **_NAMES.group("context")}
# Each says its scope: no price is in the first, and the pests are one pest as far as one control removes it.
CAUSES = _NAMES.group("causes")
PACKAGES = _NAMES.group("packages")
FERTILIZER_PRICES = _NAMES.group("fertilizer_prices")
UNKNOWNS = _NAMES.group("unknowns")
REGENCIES = _NAMES.group("regencies")
PESTS = _NAMES.group("pests")
PEST_CONTROLS = _NAMES.group("pest_controls")
# The pest that each control is against.
PEST_OF_CONTROL = {
    **dict.fromkeys(("pod_sleeving", "borer_sanitation", "black_ants"), "pod_borer"),
    **dict.fromkeys(("pod_removal", "fungicide", "trichoderma"), "black_pod"),
    "resistant_clones": "dieback",
}
# An effect is ranked when its evidence has so many of four steps of certainty: more than very low.
LEAST_STEPS = 2
# What a number of mineral fertilizer speaks of, where the dose is not what is asked.
FULL_DOSE = "full dose of cocoa NPK"
# As FAOSTAT spells them in English.
COUNTRIES = _NAMES.group("countries")
# Subsidised cocoa NPK (N-P2O5-K2O-MgO) among the fertilizers whose content is known; the magnesium has no world price.
COCOA_NPK = "npk_cocoa_subsidised"
# Dry beans that are not fermented, or not said to be: what growers of the regency sell.
PLAIN_BEANS = ("cocoa_dry_unfermented", "cocoa_dry_not_stated")
