"""The clean tables of area, production, yield and outlines: one contract each, as they are written."""

from pipeline.kit.data.contracts import (
    COUNTRY,
    ISO3,
    SOURCE_ID,
    STATUS,
    WARNING,
    Column,
    Table,
    flag,
    number,
    text,
    year,
)
from pipeline.study.names import BASIS

FAO_FLAGS = ("A", "E", "I", "M", "T")


REGIONAL_STATISTICS = Table(
    "regional_statistics",
    "Published cacao statistics of Indonesia, its provinces, and places in East Kalimantan",
    ("figure_id",),
    (
        text("figure_id", "Figure, key of the raw table"),
        text("region", "Region"),
        text("parent", "Region it lies in", missing=True),
        text("level", "Level", "nation", "island", "province", "regency", "subdistrict", "village", "group"),
        year("year_from", "First year"),
        year("year", "Year, last of a period"),
        text("quantity", "Quantity"),
        number("value", "Value in standard unit", "see unit"),
        text("unit", "Standard unit", "ha", "t", "kg/ha", "households", "trees", "workers", "share"),
        text("basis", "Area that a yield is divided by", *BASIS, missing=True),
        text("status", "Status the publisher gives", *STATUS),
        WARNING,
        text("correction", "Correction made and why", missing=True),
        flag("is_screened", "Impossible as printed; not used"),
        flag("is_break", "Series changes its meaning since the year before"),
        flag("is_copied", "Repeats the year before"),
        number("value_printed", "Value as printed", "see unit_printed"),
        text("unit_printed", "Unit as printed"),
        SOURCE_ID,
    ),
)


REGIONAL_YIELDS = Table(
    "regional_yields",
    "Cacao yields of regions, each on a stated basis and with the figures it comes from",
    ("yield_id",),
    (
        text("yield_id", "Yield"),
        text("region", "Region"),
        text("level", "Level"),
        year(),
        text("basis", "Area divided by", *BASIS),
        number("yield_kg_per_ha", "Yield", "kg/ha", 0.0, 4000.0),
        text("derivation", "How it was obtained", "printed", "computed"),
        number("production_t", "Production", "t", missing=True),
        number("area_ha", "Area divided by", "ha", missing=True),
        text("status", "Weakest status of the figures", *STATUS),
        WARNING,
        text("figure_ids", "Figures it comes from"),
        SOURCE_ID,
    ),
)


CONFLICTS = Table(
    "conflicts",
    "Figures for one region, year and quantity that disagree",
    ("region", "year", "quantity"),
    (
        text("region", "Region"),
        year(),
        text("quantity", "Quantity"),
        text("unit", "Unit"),
        Column("n_figures", "integer", "Figures that disagree", "", 2),
        number("lowest", "Lowest", "see unit"),
        number("highest", "Highest", "see unit"),
        number("ratio", "Highest over lowest", "ratio", 1.0, missing=True),
        number("preferred", "Figure the rule prefers", "see unit"),
        text("rule", "Rule applied"),
        text("figure_ids", "Figures"),
        text("source_ids", "Sources"),
    ),
)


COUNTRY_COCOA = Table(
    "country_cocoa",
    "Cocoa area, production and yield by country and year, FAOSTAT, two releases",
    ("iso3", "year", "release"),
    (
        ISO3,
        COUNTRY,
        year(),
        text("release", "FAOSTAT release", "2022", "latest"),
        number("area_harvested_ha", "Area harvested", "ha", missing=True),
        text("area_flag", "FAO flag of the area", *FAO_FLAGS, missing=True),
        number("production_t", "Production", "t", missing=True),
        text("production_flag", "FAO flag of production", *FAO_FLAGS, missing=True),
        number("yield_kg_per_ha", "Yield on area harvested", "kg/ha", missing=True),
        flag("is_break", "Series changes its meaning since the year before"),
        flag("is_copied", "Repeats the year before"),
        flag("is_implausible", "Yield outside 100 to 2,000 kg/ha"),
        WARNING,
        SOURCE_ID,
    ),
)


BOUNDARIES = Table(
    "boundaries",
    "Outlines of regencies of East Kalimantan and of Indonesian provinces (old division)",
    ("layer", "region_code", "part", "ring", "vertex"),
    (
        text("layer", "Layer", "regency", "province"),
        text("region_code", "Code"),
        text("region", "Region"),
        Column("part", "integer", "Part", "", 0),
        Column("ring", "integer", "Ring; 0 is the outline", "", 0),
        Column("vertex", "integer", "Vertex", "", 0),
        number("lon", "Longitude", "degree", 94.0, 142.0),
        number("lat", "Latitude", "degree", -12.0, 7.0),
        WARNING,
        SOURCE_ID,
    ),
)
