"""The clean tables of prices, inputs, climate and seasons: one contract each, as they are written."""

from pipeline.kit.data.contracts import (
    COUNTRY,
    ISO3,
    MONTH,
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

WORLD_PRICES = Table(
    "world_prices",
    "World market prices of cocoa and fertilizers, monthly, nominal",
    ("year", "month"),
    (
        year(),
        MONTH,
        number("cocoa_usd_per_kg", "Cocoa", "USD/kg", 0.05, 50),
        number("urea_usd_per_t", "Urea", "USD/t", 1, 5000),
        number("dap_usd_per_t", "Diammonium phosphate", "USD/t", 1, 5000, missing=True),
        number("tsp_usd_per_t", "Triple superphosphate", "USD/t", 1, 5000),
        number("phosphate_rock_usd_per_t", "Phosphate rock", "USD/t", 1, 5000, missing=True),
        number("kcl_usd_per_t", "Potassium chloride", "USD/t", 1, 5000),
        number(
            "cocoa_npk_usd_per_kg",
            "Nutrients in one kg of cocoa NPK 14-12-16 at world prices",
            "USD/kg",
            0.001,
            50,
        ),
        number(
            "fertilizer_cocoa_ratio",
            "kg of cocoa that buy the nutrients of one kg of cocoa NPK",
            "ratio",
            0.001,
            10,
        ),
        WARNING,
        SOURCE_ID,
    ),
)


WORLD_PRICES_ANNUAL = Table(
    "world_prices_annual",
    "World market prices of cocoa and fertilizers, annual means as published",
    ("basis", "year"),
    (
        year(),
        text("basis", "Price basis", "nominal", "real_2010"),
        number("cocoa_usd_per_kg", "Cocoa", "USD/kg", 0.05, 50),
        number("urea_usd_per_t", "Urea", "USD/t", 1, 5000),
        number("dap_usd_per_t", "Diammonium phosphate", "USD/t", 1, 5000, missing=True),
        number("tsp_usd_per_t", "Triple superphosphate", "USD/t", 1, 5000),
        number("phosphate_rock_usd_per_t", "Phosphate rock", "USD/t", 1, 5000),
        number("kcl_usd_per_t", "Potassium chloride", "USD/t", 1, 5000),
        SOURCE_ID,
    ),
)


LOCAL_PRICES = Table(
    "local_prices",
    "Cocoa and fertilizer prices in Indonesia, rupiah per kg as reported",
    ("price_id",),
    (
        text("price_id", "Price, key of the raw table"),
        text("item", "Product"),
        text("place", "Place"),
        text(
            "region_group",
            "Group of places",
            "kutai_timur",
            "east_kalimantan",
            "north_kalimantan",
            "sulawesi",
            "other_indonesia",
            "indonesia",
        ),
        text(
            "market",
            "Market",
            "farm_gate",
            "collector",
            "trader",
            "ceiling_subsidised",
            "retail_unsubsidised",
            "ex_warehouse",
            "port",
            "transport",
        ),
        text("date_from", "From, as precise as known", missing=True),
        text("date_to", "To, as precise as known", missing=True),
        number("year_decimal", "Middle of the period", "year", 1990, 2030),
        number("price_idr_per_kg", "Price", "Rp/kg", 50, 1e6),
        text("status", "Status", *STATUS),
        flag("is_outlier", "Off by more than a factor of 1.6 from other sources within four months"),
        WARNING,
        SOURCE_ID,
    ),
)


REFERENCE_PRICES = Table(
    "reference_prices",
    "Reference price of cocoa beans set by the government of Indonesia, with export benchmark, duty and levy",
    ("month",),
    (
        text("reference_id", "Price, key of the raw table"),
        text("month", "Month"),
        number("reference_price_usd_per_t", "Reference price, by futures of the month before", "USD/t", 500, 20000),
        number("export_benchmark_usd_per_t", "Export benchmark price (HPE)", "USD/t", 500, 20000, missing=True),
        number("duty_percent", "Export duty", "%", 0, 50, missing=True),
        number("levy_percent", "Export levy", "%", 0, 50, missing=True),
        flag("is_reckoned", "Reckoned from the price of another month and the printed change"),
        WARNING,
        SOURCE_ID,
    ),
)


SUBSIDY_RULES = Table(
    "subsidy_rules",
    "Who may buy subsidised fertilizer for cacao",
    ("rule_id",),
    (
        text("rule_id", "Rule"),
        text("date_from", "In force from"),
        text("rule", "Rule"),
        number("value", "Amount named", "see unit", missing=True),
        text("unit", "Unit", missing=True),
        WARNING,
        SOURCE_ID,
    ),
)


EXCHANGE_CPI = Table(
    "exchange_cpi",
    "Exchange rate and consumer prices of Indonesia",
    ("year",),
    (
        year(),
        number("idr_per_usd", "Rupiah per US dollar, mean of the year", "Rp/USD", 0.1, 1e5, missing=True),
        number("cpi_2010", "Consumer price index, 2010 = 100", "index", 0, 1e4),
        SOURCE_ID,
    ),
)


PRODUCER_PRICES = Table(
    "producer_prices",
    "Producer prices of cocoa beans, FAOSTAT",
    ("iso3", "year"),
    (
        ISO3,
        COUNTRY,
        year(),
        number("price_usd_per_t", "Producer price, release 2025 where there is one", "USD/t", 1, 30000),
        text("release", "Release used", "2023", "2025"),
        number("release_ratio", "Release 2025 over release 2023", "ratio", 0, missing=True),
        WARNING,
        SOURCE_ID,
    ),
)


INPUT_USE = Table(
    "input_use",
    "Fertilizer and pesticide use per hectare of all cropland; not of cacao",
    ("iso3", "year"),
    (
        ISO3,
        COUNTRY,
        year(),
        number("n_kg_per_ha", "Nitrogen (N)", "kg/ha cropland", missing=True),
        number("p_kg_per_ha", "Phosphorus (P, from P2O5)", "kg/ha cropland", missing=True),
        number("k_kg_per_ha", "Potassium (K, from K2O)", "kg/ha cropland", missing=True),
        number("pesticide_kg_per_ha", "Pesticides, active ingredient", "kg/ha cropland", missing=True),
        WARNING,
        SOURCE_ID,
    ),
)


CLIMATE = Table(
    "climate",
    "Temperature and rainfall of cocoa countries, country means",
    ("iso3", "year"),
    (
        ISO3,
        COUNTRY,
        year(),
        number("temperature_mean_c", "Mean temperature", "degC", 0, 40, missing=True),
        number("rainfall_mm", "Rainfall", "mm/yr", 50, 8000, missing=True),
        flag("is_infilled", "Rainfall hardly varies for years: filled in by its makers"),
        WARNING,
        SOURCE_ID,
    ),
)


ENSO = Table(
    "enso",
    "Oceanic Nino Index by season, two releases kept apart",
    ("release", "year", "center_month"),
    (
        year(),
        text("season", "Three-month season"),
        Column("center_month", "integer", "Middle month", "", 1, 12),
        text("release", "NOAA release", "2025", "2026"),
        number("sst_c", "Sea surface temperature", "degC", 20, 35),
        number("anomaly_c", "Anomaly", "degC", -5, 5),
        SOURCE_ID,
    ),
)


NINO34 = Table(
    "nino34",
    "Nino 3.4 sea surface temperature by month",
    ("year", "month"),
    (
        year(),
        MONTH,
        number("sst_c", "Sea surface temperature", "degC", 20, 35),
        number("anomaly_c", "Anomaly, base 1991-2020", "degC", -5, 5),
        SOURCE_ID,
    ),
)
