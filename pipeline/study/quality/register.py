"""Judgements on conflicts between sources: probable cause, rule applied, and which answers are touched.

These are the project's readings, not data. Figures are named by key and looked up; no size is typed here.
"""

from dataclasses import dataclass
from functools import cache

import pandas as pd

from pipeline import tables
from pipeline.kit.data.contracts import read_clean
from pipeline.kit.data.sources import load_raw
from pipeline.kit.language import Text
from pipeline.study import known_rows

EFFECTS = {
    "changes": Text(en="changes the answer", id="mengubah jawaban"),
    "inside": Text(
        en="both sides enter the model and widen its interval", id="kedua pihak masuk model dan melebarkan selangnya"
    ),
    "error": Text(
        en="only through the error given to every published figure",
        id="hanya lewat galat yang diberikan pada setiap angka",
    ),
    "not_used": Text(en="not used in any answer", id="tidak dipakai dalam jawaban mana pun"),
    "unknown": Text(en="not computed", id="tidak dihitung"),
}


@dataclass(frozen=True)
class Figure:
    """One figure of a table: ``where`` gives the columns and values that single out its row."""

    table: str
    column: str
    where: tuple[tuple[str, str | int], ...]


@dataclass(frozen=True)
class Widest:
    """The two figures of a table, alike but for ``side``, that lie furthest apart; ``keys`` tell which are alike.

    ``by`` is ``ratio`` or ``difference``.
    """

    table: str
    column: str
    keys: tuple[str, ...]
    side: str = "release"
    by: str = "ratio"
    where: tuple[tuple[str, str | int], ...] = ()


@dataclass(frozen=True)
class Quotient:
    """An answer by plain division of two figures of the conflict (by position), times ``factor``."""

    above: int
    below: int
    factor: float
    unit: str


@dataclass(frozen=True)
class Conflict:
    """One conflict. ``answers`` holds the answer on each side: keys of published estimates, or quotients.

    ``touches`` names the estimates that rest on the figures; ``beside`` figures that only quotients need. The page
    says which figures lie outside the interval of the estimate ``interval``, of the same quantity.
    """

    name: str
    title: Text
    figures: tuple[Figure, ...] | Widest
    cause: Text
    rule: Text
    effect: str
    note: Text
    answers: tuple[str | Quotient, ...] = ()
    touches: tuple[str, ...] = ()
    beside: tuple[Figure, ...] = ()
    interval: str = ""


def regional(*ids: str) -> tuple[Figure, ...]:
    """Figures of the clean table of regional statistics."""
    return tuple(Figure("regional_statistics", "value", (("figure_id", name),)) for name in ids)


def prices(*ids: str) -> tuple[Figure, ...]:
    """Figures of the clean table of local prices."""
    return tuple(Figure("local_prices", "price_idr_per_kg", (("price_id", name),)) for name in ids)


def effects(*ids: str) -> tuple[Figure, ...]:
    """Log ratios of the clean table of published effects."""
    return tuple(Figure("effects", "log_ratio", (("effect_id", name),)) for name in ids)


def fao_area(*years: int) -> tuple[Figure, ...]:
    """Cocoa area of Indonesia in the 2022 release of FAOSTAT."""
    alike = (("iso3", "IDN"), ("release", "2022"))
    return tuple(Figure("country_cocoa", "area_harvested_ha", (*alike, ("year", year))) for year in years)


BOTH_HEARD = Text(
    en="The regency model hears every figure since 2018; figures of one region and year enter once, at the mean of "
    "their logs, with their disagreement added to the error. Press figures, potentials and estimates "
    "err twice as much.",
    id="Model kabupaten memakai semua angka sejak 2018. Angka untuk wilayah dan tahun yang sama "
    "digabung menjadi satu "
    "(rata-rata log), dan selisihnya menambah galat. Angka pers, potensi dan taksiran "
    "dianggap dua kali lebih meleset.",
)
BEFORE_2018 = Text(
    en="All figures are kept; the regency model takes none from before 2018.",
    id="Semua angka disimpan; model kabupaten tidak memakai angka sebelum 2018.",
)
NOT_USED = Text(en="No published answer rests on it.", id="Tidak ada jawaban yang bertumpu pada angka ini.")
UNKNOWN = Text(en="Not known.", id="Tidak diketahui.")
REGENCY = ("kutai_timur.yield_mature", "kutai_timur.area_total")


REGISTER = (
    Conflict(
        "kutai_timur_area",
        Text(en="Cacao area of Kutai Timur, 2014 to 2025", id="Luas kakao Kutai Timur, 2014 sampai 2025"),
        regional(known_rows.KUTAI_TIMUR_AREA_2014, known_rows.KUTAI_TIMUR_AREA_2020, known_rows.KUTAI_TIMUR_AREA_2025),
        Text(
            en="Not known. Probable: the 2025 figure counts another ground (perhaps only mature area), because "
            "no source "
            "reports felling on this scale; no bridge between the figures was found.",
            id="Tidak diketahui. Kemungkinan angka 2025 menghitung lahan yang berbeda (barangkali hanya tanaman "
            "menghasilkan), karena tidak ada sumber yang melaporkan pembongkaran kebun seluas itu. Penjelasan resmi "
            "tidak ditemukan.",
        ),
        Text(
            en="No area is chosen. The regency model lets the 2025 hectares be total or mature area, and totals of "
            "scenarios are shown on both areas. The 2014 figure is not used.",
            id="Tidak ada luas yang dipilih. Dalam model, luas 2025 boleh berarti luas total atau luas tanaman "
            "menghasilkan, dan hasil skenario disajikan pada kedua luas. Angka 2014 tidak dipakai.",
        ),
        "changes",
        Text(
            en="The yield on total area, 2020 against 2025, differs by the denominator, and so do the extra "
            "tonnes of the "
            "full package: {scenario.full_package.extra_t_3440} on the old area, "
            "{scenario.full_package.extra_t_1161} "
            "on the new one.",
            id="Produktivitas atas luas total tahun 2020 dan 2025 berbeda karena luas pembaginya. Tambahan produksi "
            "paket lengkap pun berbeda: {scenario.full_package.extra_t_3440} pada luas lama, "
            "{scenario.full_package.extra_t_1161} pada luas baru.",
        ),
        ("kutai_timur.yield_total.2020", "kutai_timur.yield_total.2025_potential"),
        ("kutai_timur.area_2025_is_mature", *REGENCY),
        interval="kutai_timur.area_total",
    ),
    Conflict(
        "kutai_timur_production_2025",
        Text(en="Production of Kutai Timur, 2025", id="Produksi Kutai Timur, 2025"),
        regional(known_rows.KUTAI_TIMUR_POTENTIAL_2025, known_rows.PRODUCTION_OF_THE_REGENT_2025),
        Text(
            en="Probable: one is called a potential, the other a round figure of the regent for three "
            "sub-districts, close "
            "to the official production of 2020.",
            id="Kemungkinan: yang satu disebut potensi, yang lain angka bulat dari bupati untuk tiga kecamatan "
            "dan mirip "
            "produksi resmi 2020.",
        ),
        BOTH_HEARD,
        "inside",
        Text(
            en="On the small area the two give the two yields shown; the model has {kutai_timur.production}.",
            id="Pada luas kecil keduanya memberi dua produktivitas ini; menurut model produksinya "
            "{kutai_timur.production}.",
        ),
        ("kutai_timur.yield_total.2025_potential", "kutai_timur.yield_total.2025_regent_small_area"),
        ("kutai_timur.production", *REGENCY),
        interval="kutai_timur.production",
    ),
    Conflict(
        "kutai_timur_production_2014",
        Text(en="Production of Kutai Timur, 2014", id="Produksi Kutai Timur, 2014"),
        regional(known_rows.KUTAI_TIMUR_POTENTIAL_2014_LOW, known_rows.KUTAI_TIMUR_POTENTIAL_2014_HIGH),
        Text(
            en="One source prints a range per month and calls it a potential; both ends became figures.",
            id="Satu sumber menulis kisaran per bulan sebagai potensi; kedua ujungnya dicatat.",
        ),
        BEFORE_2018,
        "error",
        Text(
            en="Its ratio is one of those behind {reporting_error.production}.",
            id="Rasionya termasuk dasar galat {reporting_error.production}.",
        ),
        touches=("reporting_error.production",),
    ),
    Conflict(
        "yield_basis",
        Text(
            en="Yield on total and on mature area (East Kalimantan, 2015)",
            id="Produktivitas atas luas total dan luas tanaman menghasilkan (Kalimantan Timur, 2015)",
        ),
        tuple(
            Figure("regional_yields", "yield_kg_per_ha", (("yield_id", name),))
            for name in known_rows.YIELDS_EAST_KALIMANTAN_2015
        ),
        Text(
            en="Official yield is production over mature area (checked on Aceh and Lampung), so it must not "
            "stand beside "
            "production over total area.",
            id="Produktivitas resmi adalah produksi dibagi luas tanaman menghasilkan (TM) (sudah diperiksa "
            "pada Aceh dan "
            "Lampung), jadi tidak boleh disandingkan dengan produksi dibagi luas total.",
        ),
        Text(
            en="Every yield carries its basis; answers are on mature area. The mature share is estimated.",
            id="Setiap produktivitas disertai dasarnya; jawaban memakai luas TM. Bagian TM ditaksir.",
        ),
        "changes",
        Text(
            en="For Kutai Timur: the first answer is over total area in 2020, the second is the model over "
            "mature area.",
            id="Untuk Kutai Timur: angka pertama atas luas total tahun 2020, angka kedua menurut model atas luas TM.",
        ),
        ("kutai_timur.yield_total.2020", "kutai_timur.yield_mature"),
        ("kutai_timur.mature_share", "kutai_timur.gap"),
    ),
    Conflict(
        "province_production_2020",
        Text(en="Production of East Kalimantan, 2020", id="Produksi Kalimantan Timur, 2020"),
        regional(known_rows.PROVINCE_PRODUCTION_2020, known_rows.PROVINCE_PRODUCTION_2020_PRESS),
        Text(
            en="Not known. Probable: the press figure is from an earlier count.",
            id="Tidak diketahui. Kemungkinan angka pers berasal dari hitungan yang lebih awal.",
        ),
        BOTH_HEARD,
        "inside",
        Text(
            en="Over the official total area the yields are those shown.",
            id="Atas luas total resmi, produktivitasnya seperti tertulis.",
        ),
        (Quotient(0, 2, 1000, "kg/ha"), Quotient(1, 2, 1000, "kg/ha")),
        (*REGENCY, "reporting_error.production"),
        regional(known_rows.PROVINCE_AREA_2020),
    ),
    Conflict(
        "province_area_2013",
        Text(en="Area of East Kalimantan, 2013", id="Luas kakao Kalimantan Timur, 2013"),
        regional(known_rows.PROVINCE_AREA_2013_AGENCY, known_rows.PROVINCE_AREA_2013_VILLAGE_PAGE),
        Text(
            en="Known in part: the higher figure includes North Kalimantan. Probable: the lower one does not, "
            "because it continues into the figures of the divided province.",
            id="Sebagian diketahui: angka yang tinggi masih mencakup Kalimantan Utara. Kemungkinan angka yang rendah "
            "tidak, karena bersambung dengan angka provinsi setelah pemekaran.",
        ),
        BEFORE_2018,
        "error",
        Text(
            en="Its ratio is one of those behind {reporting_error.area_total}.",
            id="Rasionya termasuk dasar galat {reporting_error.area_total}.",
        ),
        touches=("reporting_error.area_total",),
    ),
    Conflict(
        "province_production_2013",
        Text(en="Production of East Kalimantan, 2013", id="Produksi Kalimantan Timur, 2013"),
        regional(known_rows.PROVINCE_PRODUCTION_2013_AGENCY, known_rows.PROVINCE_PRODUCTION_2013_VILLAGE_PAGE),
        Text(
            en="Known in part: the higher figure includes North Kalimantan. Probable: the lower one does not, "
            "because it continues into the figures of the divided province.",
            id="Sebagian diketahui: angka yang tinggi masih mencakup Kalimantan Utara. Kemungkinan angka yang rendah "
            "tidak, karena bersambung dengan angka provinsi setelah pemekaran.",
        ),
        BEFORE_2018,
        "error",
        Text(
            en="Its ratio is one of those behind {reporting_error.production}.",
            id="Rasionya termasuk dasar galat {reporting_error.production}.",
        ),
        touches=("reporting_error.production",),
    ),
    Conflict(
        "kutai_barat_area",
        Text(en="Area of Kutai Barat and of the province", id="Luas Kutai Barat dan luas provinsi"),
        regional(known_rows.KUTAI_BARAT_AREA_2020, known_rows.KUTAI_BARAT_AREA_2024, known_rows.PROVINCE_AREA_2023),
        Text(
            en="The press gave the area of the province to the regency: the two figures are the same number.",
            id="Pers menulis luas provinsi sebagai luas kabupaten: kedua angka sama persis.",
        ),
        Text(en="Screened as misattributed.", id="Disisihkan karena salah wilayah."),
        "not_used",
        NOT_USED,
    ),
    Conflict(
        "census_trees_2023",
        Text(en="Trees of the census and hectares, 2023", id="Pohon hasil sensus dan luas kebun, 2023"),
        regional(known_rows.PROVINCE_TREES_2023, known_rows.PROVINCE_AREA_2023, known_rows.PROVINCE_MATURE_TREES_2023),
        Text(
            en="Not known. Probable: the census counts trees of farm households only, while the hectares "
            "include other or "
            "abandoned stands; the density is far below planting practice.",
            id="Tidak diketahui. Kemungkinan sensus hanya menghitung pohon milik rumah tangga petani, "
            "sedangkan luas kebun "
            "mencakup kebun lain atau yang ditinggalkan. Jumlah pohon per hektare jauh di bawah jarak tanam biasa.",
        ),
        Text(
            en="Trees and hectares are never divided to get an answer.",
            id="Jumlah pohon dan luas tidak dibagi untuk membuat jawaban.",
        ),
        "not_used",
        Text(
            en="The densities shown (all trees, then mature trees) enter no answer.",
            id="Kerapatan ini (semua pohon, lalu pohon menghasilkan) tidak masuk ke jawaban mana pun.",
        ),
        (Quotient(0, 1, 1, "trees/ha"), Quotient(2, 1, 1, "trees/ha")),
    ),
    Conflict(
        "province_farmers_2023",
        Text(en="Cacao farmers of East Kalimantan, 2023", id="Petani kakao Kalimantan Timur, 2023"),
        regional(known_rows.PROVINCE_FARMERS_2023_CENSUS, known_rows.PROVINCE_FARMERS_2023_PROVISIONAL),
        Text(
            en="Not known. Probable: the census and the estate statistics define a grower differently.",
            id="Tidak diketahui. Kemungkinan sensus dan statistik perkebunan memakai batasan petani yang berbeda.",
        ),
        Text(en="The census stands first (final status).", id="Sensus didahulukan (status tetap)."),
        "not_used",
        Text(
            en="Hectares per household would be those shown; no answer uses them.",
            id="Luas per rumah tangga menjadi seperti tertulis; tidak ada jawaban yang memakainya.",
        ),
        (Quotient(2, 0, 1, "ha/household"), Quotient(2, 1, 1, "ha/household")),
        beside=regional(known_rows.PROVINCE_AREA_2023),
    ),
    Conflict(
        "berau_area",
        Text(en="Area of Berau, 2019 to 2025", id="Luas kakao Berau, 2019 sampai 2025"),
        regional(
            known_rows.BERAU_AREA_2019,
            known_rows.BERAU_AREA_2020,
            known_rows.BERAU_AREA_2021_JUNE,
            known_rows.BERAU_AREA_2021_MAY,
            known_rows.BERAU_AREA_2023,
            known_rows.BERAU_AREA_2024,
            known_rows.BERAU_AREA_2025_NOVEMBER,
            known_rows.BERAU_AREA_2025_AUGUST,
        ),
        UNKNOWN,
        BOTH_HEARD,
        "inside",
        Text(
            en="With the production of 2025 the two areas of that year give the yields shown; the model has "
            "{grower.berau.yield_kg_per_ha} on mature area.",
            id="Dengan produksi 2025, dua luas tahun itu memberi produktivitas seperti tertulis; menurut model "
            "{grower.berau.yield_kg_per_ha} atas luas TM.",
        ),
        (Quotient(8, 7, 1000, "kg/ha"), Quotient(8, 6, 1000, "kg/ha")),
        ("grower.berau.yield_kg_per_ha", "grower.berau.mature_ha", "reporting_error.area_total"),
        regional(known_rows.BERAU_PRODUCTION_2025),
    ),
    Conflict(
        "fao_breaks",
        Text(en="Area of Indonesia in FAOSTAT", id="Luas kakao Indonesia di FAOSTAT"),
        fao_area(1998, 1999, 2005, 2006, 2008),
        Text(
            en="Probable: changes of method, because no planting or felling explains such steps within a year.",
            id="Kemungkinan cara menghitungnya berubah, karena tidak ada penanaman atau pembongkaran yang dapat "
            "menjelaskan lonjakan sebesar itu dalam setahun.",
        ),
        Text(
            en="Years that are series breaks are left out of the price panel and counted there.",
            id="Tahun dengan patahan data tidak ikut dalam panel harga, dan jumlahnya dicatat di sana.",
        ),
        "unknown",
        Text(
            en="The panel with and without these years is not compared here.",
            id="Hasil panel dengan dan tanpa tahun-tahun ini tidak dibandingkan di sini.",
        ),
    ),
    Conflict(
        "fao_releases",
        Text(en="Two releases of FAOSTAT: cocoa production", id="Dua terbitan FAOSTAT: produksi kakao"),
        Widest("country_cocoa", "production_t", ("iso3", "country", "year")),
        Text(
            en="Probable: FAO revised its series; the reason for this country and year is not known.",
            id="Kemungkinan FAO merevisi datanya; alasan untuk negara dan tahun ini tidak diketahui.",
        ),
        Text(
            en="The two are never spliced; the price panel uses release 2022 alone.",
            id="Keduanya tidak pernah disambung; panel harga hanya memakai terbitan 2022.",
        ),
        "unknown",
        Text(
            en="The panel is not run on the other release: it has no flags.",
            id="Panel tidak dijalankan pada terbitan lain karena tidak ada tandanya.",
        ),
    ),
    Conflict(
        "fao_releases_indonesia",
        Text(
            en="Two releases of FAOSTAT: production of Indonesia",
            id="Dua terbitan FAOSTAT: produksi Indonesia",
        ),
        Widest("country_cocoa", "production_t", ("iso3", "country", "year"), where=(("iso3", "IDN"),)),
        Text(en="Probable: FAO revised its series.", id="Kemungkinan FAO merevisi datanya."),
        Text(
            en="The two are never spliced; the price panel uses release 2022 alone.",
            id="Keduanya tidak pernah disambung; panel harga hanya memakai terbitan 2022.",
        ),
        "unknown",
        Text(en="The panel is not run on the other release.", id="Panel tidak dijalankan pada terbitan yang lain."),
    ),
    Conflict(
        "fao_copied_year",
        Text(
            en="Area of Indonesia in FAOSTAT, 2021 and 2022: identical",
            id="Luas kakao Indonesia di FAOSTAT, 2021 dan 2022: sama persis",
        ),
        tuple(
            Figure("country_cocoa", "area_harvested_ha", (("iso3", "IDN"), ("release", "latest"), ("year", year)))
            for year in (2021, 2022)
        ),
        Text(
            en="Probable: the earlier year was carried forward, as two counts seldom agree to the hectare.",
            id="Kemungkinan angka tahun sebelumnya disalin, karena dua hitungan jarang sama sampai hektare terakhir.",
        ),
        Text(
            en="Flagged as copied; the price panel uses release 2022 alone, which ends before.",
            id="Ditandai sebagai salinan; panel harga hanya memakai terbitan 2022 yang berakhir sebelumnya.",
        ),
        "not_used",
        NOT_USED,
    ),
    Conflict(
        "oni_releases",
        Text(en="Two releases of the ENSO index ONI", id="Dua terbitan indeks ENSO (ONI)"),
        Widest("enso", "anomaly_c", ("year", "season"), by="difference"),
        Text(en="Probable: another base period.", id="Kemungkinan periode acuannya berbeda."),
        Text(en="Release 2025 alone is used, never spliced.", id="Hanya terbitan 2025 yang dipakai, tidak disambung."),
        "unknown",
        Text(
            en="The panel is not run on the other release.",
            id="Panel tidak dijalankan pada terbitan yang lain.",
        ),
    ),
    Conflict(
        "producer_price_releases",
        Text(en="Two releases of producer prices", id="Dua terbitan harga produsen"),
        Widest(
            "raw/faostat_producer_prices",
            "value",
            ("iso3", "country", "year", "quantity"),
            where=(("quantity", "price_usd_per_t"),),
        ),
        Text(
            en="Probable: the 2023 release converted the old currency at one late exchange rate, because the factor "
            "between the releases falls from year to year and is one from 2000, when Ecuador took the dollar.",
            id="Kemungkinan terbitan 2023 mengonversi mata uang lama dengan satu kurs akhir, karena selisih kedua "
            "terbitan mengecil dari tahun ke tahun dan hilang sejak 2000, ketika Ekuador memakai dolar.",
        ),
        Text(
            en="Release 2025 where it has the year; large differences are flagged.",
            id="Terbitan 2025 dipakai bila ada; selisih besar ditandai.",
        ),
        "not_used",
        NOT_USED,
    ),
    Conflict(
        "npk_ceiling_and_market",
        Text(en="Price of NPK in Kutai Timur, 2023", id="Harga NPK di Kutai Timur, 2023"),
        prices(known_rows.NPK_CEILING_KUTAI_TIMUR_2023, known_rows.NPK_SHOP_KUTAI_TIMUR_2023_10),
        Text(
            en="Not an error: one is the ceiling of subsidised cocoa NPK, the other the market price of NPK.",
            id="Bukan kesalahan: yang satu HET NPK kakao bersubsidi, yang lain harga pasar NPK.",
        ),
        Text(
            en="Both are computed as separate scenarios; access to the subsidy decides.",
            id="Keduanya dihitung sebagai skenario terpisah; akses ke pupuk bersubsidi yang menentukan.",
        ),
        "changes",
        Text(
            en="Net income of fertilizer at ceiling and at market price is shown.",
            id="Ditunjukkan pendapatan bersih dari pemupukan dengan HET dan dengan harga pasar.",
        ),
        ("scenario.fertilizer_ceiling.net_income", "scenario.fertilizer_market.net_income"),
        ("rupiah_ratio.ceiling_2023", "rupiah_ratio.market_2023"),
    ),
    Conflict(
        "farm_gate_2024",
        Text(en="Farm-gate price at the end of 2024", id="Harga di tingkat petani, akhir 2024"),
        prices(
            known_rows.BEANS_EAST_KALIMANTAN_2024_10_LOW,
            known_rows.BEANS_EAST_KALIMANTAN_2024_10_HIGH,
            known_rows.BEANS_KARANGAN_2024_11,
        ),
        Text(
            en="Not known; the high prices stand above what Karangan and Berau report for the same months.",
            id="Tidak diketahui; harga tinggi itu di atas laporan Karangan dan Berau pada bulan-bulan yang sama.",
        ),
        Text(
            en="The high ones are flagged as outliers: kept in the table, left out of price ratios.",
            id="Harga yang tinggi ditandai sebagai pencilan: tetap ada di tabel, tidak ikut dalam rasio harga.",
        ),
        "not_used",
        Text(en="No answer uses the flagged prices.", id="Tidak ada jawaban yang memakai harga yang ditandai."),
    ),
    Conflict(
        "pod_borer_damage",
        Text(en="Loss to the pod borer: Sabah and Aceh Timur", id="Kehilangan hasil akibat PBK: Sabah dan Aceh Timur"),
        (
            Figure("effects", "printed_value", (("effect_id", known_rows.LOSS_SABAH_BELOW_60_PERCENT),)),
            Figure("effects", "printed_value", (("effect_id", known_rows.LOSS_SABAH_AT_90_PERCENT),)),
            Figure("pest_reports", "value_low", (("report_id", known_rows.LOSS_ACEH_TIMUR),)),
        ),
        Text(
            en="Probable: different measures. Sabah reads loss from pods attacked; Aceh Timur from damage in pods of "
            "one district, so that intensity and share of pods may not be the same.",
            id="Kemungkinan ukurannya berbeda. Sabah memakai persen buah terserang, Aceh Timur memakai "
            "kerusakan di satu "
            "kecamatan, sehingga intensitas dan persen buah terserang belum tentu sama.",
        ),
        Text(
            en="Both curves are used, with the weight pests.sabah_curve_weight.",
            id="Kedua kurva dipakai, dengan bobot pests.sabah_curve_weight.",
        ),
        "changes",
        Text(
            en="Loss where the borer is, under each curve; the mixture gives {pod_borer.loss_there.mixture}.",
            id="Kehilangan hasil di tempat ada PBK menurut tiap kurva; gabungannya {pod_borer.loss_there.mixture}.",
        ),
        ("pod_borer.loss_there.sabah", "pod_borer.loss_there.aceh"),
        ("loss.pod_borer", "loss.all"),
    ),
    Conflict(
        "pruning_trials",
        Text(en="Trials of pruning", id="Percobaan pemangkasan"),
        effects(known_rows.SHADE_TREES_PRUNED_BOLIVIA, known_rows.WILD_CACAO_PRUNED_BOLIVIA),
        Text(
            en="Probable: different treatments. One prunes shade trees, the other prunes native cacao heavily.",
            id="Kemungkinan perlakuannya berbeda: yang satu memangkas pohon penaung, yang lain memangkas berat "
            "kakao lokal.",
        ),
        Text(
            en="Neither is pooled: neither compares cacao that is pruned lightly every year with cacao that is not. "
            "What stands for pruning and sanitation is prior knowledge, and it is not ranked.",
            id="Tidak satu pun digabung: keduanya tidak membandingkan kakao yang dipangkas ringan setiap tahun dengan "
            "yang tidak dipangkas. Angka pemangkasan dan sanitasi hanya asumsi awal dan tidak diperingkat.",
        ),
        "not_used",
        NOT_USED,
    ),
    Conflict(
        "bean_price_end_of_2025",
        Text(en="Price of dry beans, end of 2025", id="Harga biji kering, akhir 2025"),
        prices(
            known_rows.BEANS_EAST_KALIMANTAN_2025_12_LOW,
            known_rows.BEANS_EAST_KALIMANTAN_2025_12_HIGH,
            known_rows.BEANS_BERAU_2025_11_LOW,
            known_rows.BEANS_BERAU_2025_11_HIGH,
            known_rows.BEANS_BULUNGAN_2026_01,
            known_rows.BEANS_INDONESIA_2026_01,
        ),
        Text(
            en="Probable: the price fell within weeks, and quality and place differ; the reports do not state "
            "moisture, and that of the province not whether beans were fermented.",
            id="Kemungkinan harga turun dalam beberapa minggu, serta mutu dan tempatnya berbeda; laporan tidak "
            "menyebut kadar air, dan laporan provinsi tidak menyebut apakah biji difermentasi.",
        ),
        Text(
            en="The newest report for East Kalimantan is the present price; the price of Berau of November 2025 and "
            "the highest report near the present one are scenarios.",
            id="Laporan terbaru untuk Kalimantan Timur menjadi harga sekarang; harga Berau November 2025 dan laporan "
            "tertinggi di sekitarnya menjadi skenario.",
        ),
        "changes",
        Text(
            en="Net income of fertilizer at the ceiling at the present price and at that of Berau is shown.",
            id="Ditunjukkan pendapatan bersih dari pupuk HET pada harga sekarang dan pada harga Berau.",
        ),
        ("scenario.fertilizer_ceiling.net_income", "scenario.fertilizer_ceiling.net_income_berau"),
        ("price.cocoa", "price.cocoa_least", "price.cocoa_most"),
    ),
    Conflict(
        "shade_trials",
        Text(en="Trials of shade", id="Percobaan naungan"),
        effects(known_rows.SHADE_CANOPY_GHANA, known_rows.SHADE_TRIAL_TAFO),
        Text(
            en="Probable: place, variety and fertilizer differ; the separate part of each is not known.",
            id="Kemungkinan karena tempat, varietas dan pemupukan berbeda; andil masing-masing tidak diketahui.",
        ),
        Text(en="Both enter the synthesis.", id="Keduanya masuk sintesis."),
        "inside",
        Text(en="The synthesis has {effect.shade}.", id="Menurut sintesis {effect.shade}."),
        (),
        ("mean_effect.shade", "harm.shade"),
    ),
)


UNITS = {"price_idr_per_kg": "Rp/kg", "area_harvested_ha": "ha", "production_t": "t", "anomaly_c": "°C"}
UNITS |= {"log_ratio": "log ratio", "yield_kg_per_ha": "kg/ha", "value": "USD/t"}


@dataclass(frozen=True)
class Found:
    """A figure as its table has it."""

    name: str
    value: float
    unit: str
    status: str
    source_id: str
    warnings: tuple[str, ...]


@cache
def load_table(name: str) -> pd.DataFrame:
    """A clean table, or a raw one by ``raw/NAME`` where cleaning keeps one release only."""
    if name == "raw/faostat_producer_prices":
        return load_raw("faostat_producer_prices", ("year", "value")).astype({"year": int})
    known = {table.name: table for table in tables.TABLES}
    return read_clean(known[name])


def look_up(figure: Figure) -> Found:
    """The one row that the figure names; raises ``KeyError`` when there is none, or more."""
    frame = load_table(figure.table)
    for column, value in figure.where:
        frame = frame[frame[column] == value]
    if len(frame) != 1 or pd.isna(frame[figure.column].iloc[0]):
        raise KeyError(f"{figure.table}: {len(frame)} rows with a {figure.column} have {dict(figure.where)}")
    return _found(figure.table, figure.column, frame.iloc[0], figure.where)


def _found(table: str, column: str, row: pd.Series, where: tuple[tuple[str, str | int], ...]) -> Found:
    known = ("region", "country", "place", "year", "season", "date_from")
    parts = [str(row[key]) for key in known if key in row and pd.notna(row[key])]
    key = " ".join(str(value) for _, value in where)
    unit = row.get("unit", "%" if column == "printed_value" else UNITS.get(column, ""))
    status = row.get("status", row.get("confidence", ""))
    name = f"{table.removeprefix('raw/')}: {key} ({', '.join(parts)})"
    shown = "" if pd.isna(status) else str(status)
    return Found(name, float(row[column]), str(unit), shown, str(row["source_id"]), _warnings(row))


def _warnings(row: pd.Series) -> tuple[str, ...]:
    listed = row.get("warnings")
    return tuple(filter(None, listed.split(";"))) if isinstance(listed, str) else ()


def widest(pair: Widest) -> list[Found]:
    """The two figures that lie furthest apart; zero and missing values have no ratio and are passed over."""
    frame = load_table(pair.table)
    for column, value in pair.where:
        frame = frame[frame[column] == value]
    frame = frame[frame[pair.column].notna() & ((frame[pair.column] > 0) | (pair.by == "difference"))]
    ends = frame.groupby(list(pair.keys))[pair.column].agg(["min", "max"])
    apart = ends["max"] - ends["min"] if pair.by == "difference" else ends["max"] / ends["min"]
    alike = apart.idxmax()
    rows = frame.set_index(list(pair.keys)).sort_index().loc[[alike]].reset_index()
    return [_found(pair.table, pair.column, row, ((pair.side, str(row[pair.side])),)) for _, row in rows.iterrows()]


def figures_of(conflict: Conflict) -> list[Found]:
    """The figures of a conflict, looked up."""
    if isinstance(conflict.figures, Widest):
        return widest(conflict.figures)
    return [look_up(figure) for figure in conflict.figures]
