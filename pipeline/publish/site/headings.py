"""Names in the data as English words: columns of tables with their unit, parts of the keys of numbers."""

# The unit that ends the name of a column, longest first.
ENDINGS = {
    "_idr_per_kg": "Rp/kg",
    "_idr_per_ha": "Rp/ha",
    "_kg_per_ha": "kg/ha",
    "_percent": "%",
    "_ha": "ha",
    "_t": "t",
}
# Columns of quantities whose unit stands in another column of the row.
QUANTITIES = {"n", "tonnes", "value", "lower", "upper", "lowest", "highest", "value_low", "value_high", "value_printed"}
# Names that read badly word by word, or say their unit in the midst of it.
SAID = {
    "billion_idr": "billion Rp",
    "days_per_t": "days per t",
    "million_idr": "million Rp",
    "million_usd": "million USD",
    "is_se_imputed": "standard error imputed",
    "lower80": "lower end, 80 %",
    "log_ratio_se": "standard error of the log ratio",
    "r_hat": "R-hat",
    "se": "standard error",
    "upper80": "upper end, 80 %",
}
# Words that are not written small.
SPELLED = {
    **{word: word.title() for word in ("berau", "indonesia", "kutai", "mahakam", "mitscherlich", "timur", "ulu")},
    **{word: word.upper() for word in ("crps", "ipm", "r2", "usd")},
}


def ending(name: str) -> str:
    """The part of a column's name that says its unit, or nothing."""
    return next((end for end in ENDINGS if name.endswith(end) and name not in SAID), "")


def unit(name: str) -> str:
    """The unit of a column, or nothing where it has none or it stands in another column."""
    return ENDINGS.get(ending(name), "")


def is_quantity(name: str) -> bool:
    """Whether numbers below this heading are amounts: four digits of one are never a year."""
    return bool(unit(name)) or name in QUANTITIES


def in_english(name: str) -> str:
    """The name of a column in words, its unit in brackets: ``net_income_idr_per_ha`` is ``net income (Rp/ha)``."""
    words = SAID.get(name) or name.removesuffix(ending(name)).removeprefix("is_").replace("_", " ")
    spelled = " ".join(SPELLED.get(word, word) for word in words.split(" "))
    return f"{spelled} ({unit(name)})" if unit(name) else spelled
