"""Every parameter once: type, unit, bounds and meaning.

``params.yaml`` is written from this model and read back through it. A name that is unknown, a value of the
wrong type or one out of bounds is an error that names the parameter, before any notebook starts.
"""

from functools import cache
from io import StringIO
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, create_model

from pipeline.kit import paths, yaml_text


class ParameterError(ValueError):
    """Parameters that cannot be used; the message names each of them."""


def parameter(
    default: float | int, unit: str, en: str, id: str, low: float, high: float, rests_on: tuple[str, ...] = ()
) -> Any:
    """Declare one number: default, unit, meaning in English and Indonesian, least and greatest value.

    ``rests_on`` names the raw rows that the default and its meaning restate, ``local_prices:F104``; none for what is
    assumed.
    """
    about: Any = {"unit": unit, "arti": id, "rests_on": rests_on}
    return Field(default, ge=low, le=high, description=en, json_schema_extra=about)


def words(default: str, pattern: str, allowed: str, en: str, id: str) -> Any:
    """Declare one text: default, the pattern it must match, that pattern in words, meaning in both languages."""
    return Field(default, pattern=pattern, description=en, json_schema_extra={"allowed": allowed, "arti": id})


def switch(default: bool, en: str, id: str) -> Any:
    """Declare what is on or off: default, meaning in both languages."""
    return Field(default, description=en, json_schema_extra={"allowed": "true or false", "arti": id})


class Section(BaseModel):
    """A group of parameters; strict, so that text is never read as a number."""

    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False, validate_default=True)


class Run(Section):
    """How notebooks are run; does not change any result."""

    cell_timeout_s: int = parameter(
        600, "s", "Time limit for one notebook cell.", "Batas waktu satu sel buku kerja.", 1, 86400
    )


class Compute(Section):
    """How and where things are computed; does not change any result."""

    backend: str = words(
        "loky",
        "^(loky|dask)$",
        "loky or dask",
        "Share heavy loops among the cores of this machine (loky) or the workers of a Dask cluster (dask).",
        "Bagi hitungan berat ke inti komputer ini (loky) atau ke pekerja klaster Dask (dask).",
    )
    scheduler: str = words(
        "",
        r"^([a-z]+://\S+)?$",
        "an address such as tcp://host:8786, or nothing",
        "Address of the scheduler of the Dask cluster; only for dask.",
        "Alamat penjadwal klaster Dask; hanya untuk dask.",
    )
    warm_kernels: bool = switch(
        True,
        "Let notebooks run by cacao repro start from a process that has imported the libraries already (Linux).",
        "Biarkan buku kerja yang dijalankan cacao repro mulai dari proses yang sudah memuat pustaka (Linux).",
    )


class Uncertainty(Section):
    """How uncertainty is drawn and reported."""

    interval_level: float = parameter(
        0.9,
        "share",
        "Probability held by every published interval.",
        "Peluang yang dicakup setiap selang yang diterbitkan.",
        0.5,
        0.99,
    )
    draws: int = parameter(
        20000,
        "draws",
        "Monte Carlo draws behind an interval.",
        "Jumlah simulasi acak di balik sebuah selang.",
        1000,
        1000000,
    )
    seed: int = parameter(20250625, "", "Seed of the random draws.", "Benih bilangan acak.", 0, 2**31 - 1)


class Cleaning(Section):
    """When a published figure is flagged; a flagged figure is kept."""

    disagreement_ratio: float = parameter(
        1.005,
        "ratio",
        "Two figures for one region and year disagree when their ratio is above this. How far those that disagree lie "
        "apart sets the error of every published figure, and with it the present yield and all that rests on it.",
        "Dua angka untuk wilayah dan tahun yang sama bertentangan bila nisbahnya di atas ini. Jarak angka yang "
        "bertentangan menentukan galat setiap angka terbitan, dan dengan itu hasil sekarang dan semua turunannya.",
        1.0,
        2.0,
    )
    area_jump_factor: float = parameter(
        1.3,
        "ratio",
        "A national area that changes by more than this in a year with no known break is listed.",
        "Luas nasional yang berubah lebih dari ini dalam setahun tanpa patahan yang diketahui dicatat.",
        1.05,
        5.0,
    )
    price_outlier_factor: float = parameter(
        1.6,
        "ratio",
        "A bean price is an outlier when it is off by this factor from other sources within four months.",
        "Harga biji dianggap pencilan bila berbeda sebesar faktor ini dari sumber lain dalam empat bulan.",
        1.1,
        5.0,
    )
    lowest_credible_yield: float = parameter(
        100.0, "kg/ha", "National yields below this are flagged.", "Hasil nasional di bawah ini ditandai.", 0, 500
    )
    highest_credible_yield: float = parameter(
        2000.0, "kg/ha", "National yields above this are flagged.", "Hasil nasional di atas ini ditandai.", 1000, 10000
    )
    printed_range_level: float = parameter(
        0.9,
        "share",
        "Probability that a range printed without a level is taken to hold.",
        "Peluang yang dianggap dicakup oleh kisaran yang dicetak tanpa tingkat kepercayaan.",
        0.5,
        0.99,
    )


class Prices(Section):
    """Prices that scenarios start from, and how far to move them."""

    cocoa_idr_per_kg: float = parameter(
        36500.0,
        "Rp/kg",
        "Present farm-gate price of dry beans: middle of the newest report for East Kalimantan (35,000 to 38,000, "
        "plantation office of the province, 16 December 2025; fermentation not stated, taken as unfermented).",
        "Harga biji kering sekarang di tingkat petani: tengah laporan terbaru untuk Kalimantan Timur (35.000 sampai "
        "38.000, Dinas Perkebunan provinsi, 16 Desember 2025; fermentasi tidak disebut, dianggap tanpa fermentasi).",
        1000,
        500000,
        rests_on=("local_prices:F104", "local_prices:F105"),
    )
    as_of: str = words(
        "2026-01",
        r"^(19[6-9]\d|20\d\d)-(0[1-9]|1[0-2])$",
        "a month such as 2026-01",
        "Month to which prices are brought: older prices of fertilizer on the market are carried to it.",
        "Bulan acuan harga: harga pupuk pasar yang lebih lama dibawa ke bulan ini.",
    )
    cocoa_multiplier: float = parameter(
        1.0,
        "ratio",
        "Multiplies the present cocoa price; the prices to test measures against stay.",
        "Pengali harga kakao sekarang; harga untuk menguji tindakan tetap.",
        0.1,
        10,
    )
    fertilizer_multiplier: float = parameter(
        1.0,
        "ratio",
        "Multiplies every fertilizer price in models and scenarios.",
        "Pengali semua harga pupuk dalam model dan skenario.",
        0.1,
        10,
    )
    tsp_p2o5_percent: float = parameter(
        46.0,
        "%",
        "Phosphate in triple superphosphate (TSP), as P2O5 by mass; the usual grade of the trade, no source was read.",
        "Kandungan fosfat pupuk TSP, sebagai P2O5 menurut berat; mutu yang lazim diperdagangkan, tanpa sumber yang "
        "dibaca.",
        30,
        60,
    )
    low_cocoa_idr_per_kg: float = parameter(
        25000.0,
        "Rp/kg",
        "Low farm-gate price to test measures against: about that of Mahakam Ulu in 2016 to 2022.",
        "Harga petani rendah untuk menguji tindakan: sekitar harga di Mahakam Ulu tahun 2016 sampai 2022.",
        1000,
        500000,
        rests_on=(
            "local_prices:F008",
            "local_prices:F012",
            "local_prices:F013",
            "local_prices:F015",
            "local_prices:F016",
        ),
    )
    high_cocoa_idr_per_kg: float = parameter(
        50000.0,
        "Rp/kg",
        "Upper end of the reports near the present one: growers' association for Indonesia, 5 January 2026.",
        "Ujung atas laporan di sekitar saat ini: asosiasi petani untuk Indonesia, 5 Januari 2026.",
        1000,
        500000,
        rests_on=("local_prices:F044",),
    )
    berau_cocoa_idr_per_kg: float = parameter(
        70000.0,
        "Rp/kg",
        "Price of Berau on 20 November 2025, lower end, before it fell; to test measures against.",
        "Harga di Berau 20 November 2025, ujung bawah, sebelum turun; untuk menguji tindakan.",
        1000,
        500000,
        rests_on=("local_prices:F042",),
    )
    peak_cocoa_idr_per_kg: float = parameter(
        120000.0,
        "Rp/kg",
        "Peak farm-gate price to test measures against: fermented beans, grade AA, Berau, 2024-25.",
        "Harga petani puncak untuk menguji tindakan: biji fermentasi mutu AA, Berau, 2024-25.",
        1000,
        500000,
        rests_on=("local_prices:F039",),
    )
    harvest_days_per_kg: float = parameter(
        0.04,
        "days/kg",
        "Labour to harvest, break and dry one more kg of beans: half of all labour per kg in Tabanan, Bali, 2012.",
        "Tenaga kerja panen, pecah buah, dan jemur per kg biji tambahan: separuh curahan kerja per kg di "
        "Tabanan, Bali, 2012.",
        0,
        0.5,
        rests_on=("baselines:B054", "baselines:B050a", "baselines:B051a"),
    )
    working_days_per_month: int = parameter(
        25,
        "days",
        "Working days behind the monthly minimum wage.",
        "Hari kerja di balik upah minimum bulanan (UMK).",
        20,
        31,
    )


class YieldGap(Section):
    """What the yield gap is measured against."""

    attainable_kg_per_ha: float = parameter(
        1000.0,
        "kg/ha/yr",
        "Attainable yield on mature area: what managed smallholdings in Papua New Guinea are said to be able to yield "
        "(more than 1,000), and what Karangan Ilir in Kutai Timur reported for 2018.",
        "Hasil yang dapat dicapai pada areal menghasilkan (TM): yang menurut sumber dapat dihasilkan kebun rakyat "
        "terawat di Papua Nugini (lebih dari 1.000), "
        "dan laporan Karangan Ilir di Kutai Timur tahun 2018.",
        300,
        4000,
        rests_on=("baselines:B016b", "kaltim_statistics:K051", "kaltim_statistics:K052"),
    )

    potential_kg_per_ha: float = parameter(
        2750.0,
        "kg/ha/yr",
        "Highest yield that any measure can reach: upper end of the potential of Indonesian clones (Ditjenbun 2009).",
        "Hasil tertinggi yang dapat dicapai tindakan apa pun: batas atas potensi klon Indonesia (Ditjenbun 2009).",
        1000,
        8000,
        rests_on=("baselines:B056b",),
    )
    prior_yield_kg_per_ha: float = parameter(
        650.0,
        "kg/ha/yr",
        "Yield per mature hectare of the nation before any figure is read. Assumed.",
        "Hasil per hektare TM secara nasional sebelum ada angka yang dibaca. Asumsi.",
        100,
        3000,
    )
    prior_yield_log_sd: float = parameter(
        0.5,
        "log ratio",
        "How sure that yield is, as a standard deviation of its log: 0.5 is a factor of about two. Assumed.",
        "Keyakinan atas hasil itu, sebagai simpangan baku lognya: 0,5 berarti sampai faktor sekitar dua. Asumsi.",
        0.05,
        3,
    )
    prior_mature_share: float = parameter(
        0.6,
        "share",
        "Mature share of the area of the nation before any figure is read. Assumed.",
        "Bagian luas nasional yang TM sebelum ada angka yang dibaca. Asumsi.",
        0.05,
        1,
    )
    prior_share_log_sd: float = parameter(
        0.3,
        "log ratio",
        "How sure that share is, as a standard deviation of its log. Assumed.",
        "Keyakinan atas bagian itu, sebagai simpangan baku lognya. Asumsi.",
        0.05,
        3,
    )
    yield_spread: float = parameter(
        0.4,
        "log ratio",
        "Scale of how far yields of regencies lie about their province, and provinces about the nation. Assumed.",
        "Skala sebaran hasil kabupaten di sekitar provinsinya, dan provinsi di sekitar nasional. Asumsi.",
        0.01,
        3,
    )
    share_spread: float = parameter(
        0.2,
        "log ratio",
        "The same scale for mature shares. Assumed.",
        "Skala yang sama untuk bagian TM. Asumsi.",
        0.01,
        3,
    )
    area_spread: float = parameter(
        0.4,
        "log ratio",
        "Scale of how far the area of a region is redefined from one year to the next. Assumed.",
        "Skala perubahan batasan luas suatu daerah dari tahun ke tahun. Asumsi.",
        0.01,
        3,
    )
    season_spread: float = parameter(
        0.15,
        "log ratio",
        "Scale of good and bad years of the yield of a region. Assumed.",
        "Skala tahun baik dan buruk hasil suatu daerah. Asumsi.",
        0.01,
        3,
    )
    doubtful_factor: float = parameter(
        2.0,
        "ratio",
        "How many times as large the error of a figure is that only the press has, or that is a potential or an "
        "estimate. Assumed.",
        "Berapa kali lebih besar galat angka yang hanya ada di pers, atau yang berupa potensi atau perkiraan. Asumsi.",
        1,
        10,
    )
    figure_error: float = parameter(
        0.05,
        "log ratio",
        "Error of a published yield or mature share, as a standard deviation of its log. Assumed.",
        "Galat hasil atau bagian TM yang terbit, sebagai simpangan baku lognya. Asumsi.",
        0.005,
        1,
    )


class Evidence(Section):
    """Weak prior knowledge that the evidence synthesis starts from (log response ratios)."""

    fertilizer_prior_mean: float = parameter(
        0.2, "log ratio", "Prior mean effect of fertilizer.", "Rerata awal pengaruh pupuk.", -1, 2
    )
    fertilizer_prior_sd: float = parameter(
        0.4, "log ratio", "Prior standard deviation for fertilizer.", "Simpangan baku awal pupuk.", 0.01, 5
    )
    other_prior_mean: float = parameter(
        0.1, "log ratio", "Prior mean effect of any other measure.", "Rerata awal tindakan lain.", -1, 2
    )
    other_prior_sd: float = parameter(
        0.3,
        "log ratio",
        "Prior standard deviation of any other measure.",
        "Simpangan baku awal tindakan lain.",
        0.01,
        5,
    )
    spread_prior_scale: float = parameter(
        0.5,
        "log ratio",
        "Typical spread between programmes of studies: scale of its half-normal prior, known to a factor of about two.",
        "Sebaran lazim antarprogram penelitian: skala prior setengah normal, diketahui sampai faktor sekitar dua.",
        0.01,
        5,
    )
    design_bias_sd: float = parameter(
        0.15,
        "log ratio",
        "Bias of before-after and survey designs: scale of its half-normal prior; a study shows more than is true.",
        "Bias rancangan sebelum-sesudah dan survei: skala prior setengah normal; hasilnya lebih besar dari yang benar.",
        0.001,
        2,
    )
    near_weight: float = parameter(
        0.8,
        "share",
        "Assumed probability that studies from elsewhere, or of another practice, tell of this place nearly as it is.",
        "Asumsi peluang penelitian dari tempat lain, atau cara lain, hampir berlaku di sini.",
        0,
        1,
    )
    farm_variation_low: float = parameter(
        0.4,
        "1",
        "Assumed coefficient of variation of yield between farms, lower end of 80 %.",
        "Asumsi koefisien keragaman hasil antarkebun, ujung bawah 80 %.",
        0.05,
        5,
    )
    farm_variation_high: float = parameter(
        0.8,
        "1",
        "Assumed coefficient of variation of yield between farms, upper end of 80 %.",
        "Asumsi koefisien keragaman hasil antarkebun, ujung atas 80 %.",
        0.05,
        5,
    )


class Fertilizer(Section):
    """The dose that fertilizer economics are computed for."""

    dose_kg_per_ha: float = parameter(
        400.0,
        "kg/ha/yr",
        "Full dose of cocoa NPK: the dose at which the response curve meets the evidence.",
        "Dosis penuh NPK kakao: dosis tempat kurva respons bertemu dengan bukti.",
        50,
        2000,
    )
    transport_idr_per_kg: float = parameter(
        200.0,
        "Rp/kg",
        "Transport of fertilizer to the village (Muara Wahau, October 2022).",
        "Ongkos angkut pupuk ke desa (Muara Wahau, Oktober 2022).",
        0,
        20000,
        rests_on=("local_prices:F095",),
    )
    labour_days_per_ha: float = parameter(
        8.0,
        "days/ha/yr",
        "Assumed labour to spread the dose twice a year; not measured in Kutai Timur.",
        "Asumsi tenaga kerja pemupukan dua kali setahun; belum diukur di Kutai Timur.",
        0,
        100,
    )


class Pests(Section):
    """How reports that disagree about pests are weighed."""

    sabah_curve_weight: float = parameter(
        0.5,
        "share",
        "Probability that loss to the pod borer follows the curve from Sabah, not the report from Aceh Timur: even "
        "odds, because the two disagree and each stands on one place.",
        "Peluang bahwa kehilangan akibat PBK mengikuti kurva dari Sabah, bukan laporan dari Aceh Timur: sama besar, "
        "karena keduanya berbeda dan masing-masing berasal dari satu tempat saja.",
        0,
        1,
        rests_on=("effects:E047", "effects:E048", "pest_reports:R022", "pest_reports:R028"),
    )
    loss_error: float = parameter(
        0.25,
        "share",
        "How far a loss may be off to either side that is printed as about, or once and without an error, as a part of "
        "itself. Assumed.",
        "Seberapa jauh kehilangan bisa meleset ke bawah atau ke atas bila dicetak sebagai sekitar, atau hanya sekali "
        "tanpa galat, sebagai bagian dari angkanya. Asumsi.",
        0.01,
        0.9,
    )
    least_low_loss: float = parameter(
        0.01,
        "share",
        "Least share of yield lost where the curve from Sabah only says little, at 60 % of pods attacked. Assumed.",
        "Bagian hasil yang hilang paling sedikit saat kurva Sabah hanya menyebut sedikit, pada 60 % buah terserang. "
        "Asumsi.",
        0.001,
        0.04,
    )
    fall_prior_mean: float = parameter(
        0.5,
        "log ratio",
        "Before any trial is read: by how much a control lowers the attack, minus the log of what is left of it; 0.5 "
        "leaves 61 %. Chosen before the trials were pooled.",
        "Sebelum membaca percobaan: seberapa besar pengendalian menurunkan serangan, minus log bagian yang tersisa; "
        "0,5 berarti tersisa 61 %. Dipilih sebelum percobaan digabung.",
        -1,
        3,
    )
    fall_prior_sd: float = parameter(
        0.6,
        "log ratio",
        "How sure that is, as a standard deviation: with 0.6, 28 to 131 % of the attack is left with 80 % probability.",
        "Keyakinan atasnya, sebagai simpangan baku: dengan 0,6, tersisa 28 sampai 131 % serangan dengan peluang 80 %.",
        0.05,
        3,
    )
    fall_bias_sd: float = parameter(
        0.3,
        "log ratio",
        "Scale of how much too large falls of attack are where the control was not drawn by lot: attack moves between "
        "seasons by itself, and controls begin when it is high. Assumed.",
        "Skala kelebihan penurunan serangan bila kebun tanpa pengendalian tidak diundi: serangan berubah sendiri "
        "antarmusim, dan pengendalian dimulai saat serangan tinggi. Asumsi.",
        0,
        2,
    )
    share_error: float = parameter(
        0.35,
        "log ratio",
        "Standard error taken for a ratio of shares of pods attacked when none is printed. Assumed.",
        "Galat baku yang dipakai untuk nisbah bagian buah terserang bila tidak dicetak. Asumsi.",
        0.05,
        1.5,
    )


class Panel(Section):
    """How the panel of national yields is weighed and tested."""

    unofficial_weight: float = parameter(
        0.25,
        "share",
        "Weight of a year whose area or production FAO marks as estimated or imputed; an official year weighs one.",
        "Bobot tahun yang luas atau produksinya ditandai FAO sebagai taksiran; tahun resmi berbobot satu.",
        0,
        1,
    )
    least_years: int = parameter(
        50,
        "years",
        "Countries with fewer usable years are not used to test predictions.",
        "Negara dengan tahun terpakai lebih sedikit tidak dipakai untuk menguji ramalan.",
        10,
        60,
    )


class Scenarios(Section):
    """What the scenarios assume about costs and reach."""

    adoption: float = parameter(
        0.5,
        "share",
        "Share of the mature area that takes up a measure.",
        "Bagian areal menghasilkan (TM) yang menerapkan tindakan.",
        0,
        1,
    )
    sleeving_days_per_ha: float = parameter(
        40.0,
        "days/ha/yr",
        "Assumed labour to sleeve pods; not measured in Kutai Timur.",
        "Asumsi tenaga kerja penyarungan buah; belum diukur di Kutai Timur.",
        0,
        365,
    )
    sleeves_idr_per_ha: float = parameter(
        2000000.0,
        "Rp/ha/yr",
        "Assumed cost of the sleeves themselves, January 2026: about 20,000 pods at Rp 100; no price was found.",
        "Asumsi biaya sarung plastik, Januari 2026: sekitar 20.000 buah @ Rp 100; harganya belum ditemukan.",
        0,
        50000000,
    )
    pruning_days_per_ha: float = parameter(
        20.0,
        "days/ha/yr",
        "Assumed labour for pruning, or for frequent picking with sanitation; not measured in Kutai Timur.",
        "Asumsi tenaga kerja pangkas, atau panen sering dengan sanitasi; belum diukur di Kutai Timur.",
        0,
        365,
    )
    assumed_factor: float = parameter(
        2.0,
        "ratio",
        "Days of labour and the cost of sleeves that are assumed are drawn up to this factor below and above.",
        "Hari kerja dan biaya sarung yang diasumsikan diambil sampai sekian kali di bawah dan di atasnya.",
        1,
        10,
    )
    training_years: float = parameter(
        5.0,
        "years",
        "Assumed years over which the cost of one training is spread.",
        "Asumsi jumlah tahun pembebanan biaya satu pelatihan.",
        1,
        20,
    )
    area_per_farmer_ha: float = parameter(
        1.85,
        "ha",
        "Cacao area per farmer in Kutai Timur, from the figures of 2020.",
        "Luas kakao per petani di Kutai Timur, dari angka tahun 2020.",
        0.1,
        20,
        rests_on=("kaltim_statistics:K038", "kaltim_statistics:K040"),
    )


class Validation(Section):
    """How hard the answers are tested."""

    replicates: int = parameter(
        200,
        "simulations",
        "Simulated sets of studies behind the calibration of the evidence synthesis.",
        "Jumlah himpunan penelitian simulasi untuk kalibrasi sintesis bukti.",
        20,
        100000,
    )


class Survey(Section):
    """How the plot survey is read and protected; all but `smallest_group` is used by `cacao survey import` alone."""

    grid_degrees: float = parameter(
        0.05,
        "degrees",
        "Width of the grid that positions are coarsened to (0.05 is about 5 km).",
        "Lebar kotak untuk menyamarkan letak kebun (0,05 kira-kira 5 km).",
        0.05,
        1.0,
    )
    smallest_group: int = parameter(
        5,
        "farms",
        "A village, subdistrict or grid cell with fewer farms is left out of the plot table; a survey with fewer "
        "enters no result.",
        "Desa, kecamatan, atau kotak dengan kebun kurang dari ini tidak ditulis di tabel kebun; survei dengan kebun "
        "kurang dari ini tidak masuk hasil.",
        5,
        100,
    )
    wet_to_dry: float = parameter(
        0.35,
        "kg/kg",
        "Dry beans per wet beans: middle of 0.28 (weighed by a grower in Papua New Guinea) and 0.40 (from the water in "
        "MCC 02 beans).",
        "Biji kering per biji basah: tengah antara 0,28 (timbangan petani di Papua Nugini) dan 0,40 (dari kadar air "
        "biji MCC 02).",
        0.2,
        0.6,
    )


class SurveyModel(Section):
    """How plot records of the survey are weighed against the literature, and how its size is planned."""

    literature_weight: float = parameter(
        0.8,
        "share",
        "Probability, before any plot is seen, that a quantity in Kutai Timur is as the literature has it.",
        "Peluang, sebelum ada kebun yang didata, bahwa keadaan di Kutai Timur sesuai pustaka.",
        0.0,
        1.0,
    )
    plots_per_village: int = parameter(
        5,
        "plots",
        "Plots visited in each village of the survey; a village with fewer than five farms is not named in the data.",
        "Kebun yang didatangi di tiap desa survei; desa dengan kurang dari lima kebun tidak ditulis namanya di data.",
        1,
        100,
    )
    simulated_surveys: int = parameter(
        60,
        "simulations",
        "Simulated honest surveys of each size that measure how often a check of survey quality raises a false alarm.",
        "Survei jujur simulasi tiap ukuran untuk mengukur seberapa sering pemeriksaan mutu memberi tanda palsu.",
        4,
        10000,
    )


SECTIONS: dict[str, type[Section]] = {
    "run": Run,
    "compute": Compute,
    "uncertainty": Uncertainty,
    "cleaning": Cleaning,
    "prices": Prices,
    "yield_gap": YieldGap,
    "evidence": Evidence,
    "fertilizer": Fertilizer,
    "pests": Pests,
    "panel": Panel,
    "scenarios": Scenarios,
    "validation": Validation,
    "survey": Survey,
    "survey_model": SurveyModel,
}

KIND_NAMES: dict[Any, str] = {int: "whole number", float: "number", str: "text", bool: "switch"}

Params = create_model("Params", __base__=Section, **{name: (model, model()) for name, model in SECTIONS.items()})  # type: ignore[call-overload]


def load_params(path: Path = paths.PARAMS) -> Any:
    """Read and validate the parameter file.

    Raises ``ParameterError`` that lists every unknown, missing, mistyped or out-of-range parameter.
    """
    try:
        text = path.read_text(encoding="utf-8")
        repeated, values = [], yaml_text.load(text)
    except yaml_text.DuplicateKeyError:
        repeated, values = _repeated(yaml_text.compose(text)), {}
    except (OSError, yaml_text.YAMLError, UnicodeDecodeError) as error:
        raise ParameterError(f"{paths.shown(path)} cannot be read: {error}") from error
    if not isinstance(values, dict):
        raise ParameterError(f"{paths.shown(path)} holds no parameters")
    problems = repeated or [*_missing(values), *_invalid(values)]
    if problems:
        listed = "\n  ".join(problems)
        raise ParameterError(f"{paths.shown(path)}: {len(problems)} parameter(s) cannot be used:\n  {listed}")
    return Params.model_validate(values)


def _repeated(node: yaml_text.Node | None) -> list[str]:
    """Names that stand twice in one section: YAML itself would silently take the last."""
    if not isinstance(node, yaml_text.MappingNode):
        return []
    names = [key.value for key, _ in node.value]
    below = [problem for _, value in node.value for problem in _repeated(value)]
    return [f"{name} stands more than once" for name in sorted({n for n in names if names.count(n) > 1})] + below


def _missing(values: dict[str, Any]) -> list[str]:
    """Parameters that the file leaves out: a default would be filled in silently."""
    return [
        f"{name} is missing (default {info['default']})"
        for name, info in describe().items()
        if not isinstance(section := values.get(name.split(".")[0], {}), dict) or name.split(".")[1] not in section
    ]


def _invalid(values: dict[str, Any]) -> list[str]:
    try:
        Params.model_validate(values)
    except ValidationError as error:
        return [_explain(problem) for problem in error.errors()]
    return []


def _explain(problem: Any) -> str:
    name = ".".join(str(part) for part in problem["loc"])
    if problem["type"] == "extra_forbidden":
        return f"{name} is not a parameter of this project"
    info = describe().get(name)
    allowed = f" (allowed: {info['allowed']})" if info else ""
    return f"{name} = {problem['input']!r}: {problem['msg'].lower()}{allowed}"


@cache
def describe() -> dict[str, dict[str, Any]]:
    """Every parameter by dotted name: type, unit, what is allowed, default, the raw rows that it rests on, and meaning.

    The meaning is in both languages. Numbers also have ``low`` and ``high``.
    """
    found = {}
    for section, model in SECTIONS.items():
        for name, field in model.model_fields.items():
            extra: Any = field.json_schema_extra
            kind = KIND_NAMES[field.annotation]
            info = {"type": kind, "unit": extra.get("unit", ""), "default": field.default}
            info |= {"rests_on": extra.get("rests_on", ())}
            if "allowed" not in extra:
                bounds = {type(rule).__name__.lower(): rule for rule in field.metadata}
                info |= {"low": bounds["ge"].ge, "high": bounds["le"].le}
                extra = extra | {"allowed": f"{kind} from {info['low']} to {info['high']} {info['unit']}".strip()}
            meaning = {"allowed": extra["allowed"], "en": field.description, "id": extra["arti"]}
            found[f"{section}.{name}"] = info | meaning
    return found


def render_params(params: Any) -> str:
    """``params.yaml`` as text: the given values, each under its meaning, unit and bounds."""
    lines = ["# Written from pipeline/params.py, where each parameter is defined; edit the values only."]
    for section, model in SECTIONS.items():
        lines += ["", f"# {model.__doc__}", f"{section}:"]
        for name, value in getattr(params, section).model_dump().items():
            info = describe()[f"{section}.{name}"]
            lines += [f"  # {info['en']} [{info['allowed']}]", f"  {_written(name, value)}"]
    return "\n".join(lines) + "\n"


def _written(name: str, value: Any) -> str:
    """A parameter as DVC writes it, so that an experiment with one value (``-S``) changes one line of the file."""
    # Imported only here: no stage writes parameters.
    from ruamel.yaml import YAML

    text = StringIO()
    YAML().dump({name: value}, text)
    return text.getvalue().rstrip()


def parameter_page() -> str:
    """The page of parameter meanings, in Indonesian and English, as Markdown."""
    rows = [
        f"| `{name}` | {info['default']} | {info['unit']} | {_bounds(info)} | {info['id']} | {info['en']} |"
        for name, info in describe().items()
    ]
    head = [
        "# Parameter / Parameters",
        "",
        "Dibuat dari `pipeline/params.py`. Generated from `pipeline/params.py`.",
        "",
        "| Nama / name | Awal / default | Satuan / unit | Batas / bounds | Arti | Meaning |",
        "|---|---|---|---|---|---|",
    ]
    return "\n".join([*head, *rows]) + "\n"


def _bounds(info: dict[str, Any]) -> str:
    return f"{info['low']:,} – {info['high']:,}" if "low" in info else info["allowed"]


def select(params: Any, names: list[str]) -> dict[str, Any]:
    """Values by leaf name for a list of dotted names, as a notebook receives them.

    Raises ``ParameterError`` for a name that does not exist.
    """
    unknown = [name for name in names if name not in describe()]
    if unknown:
        raise ParameterError(f"{paths.PIPELINE.name} lists unknown parameter(s): {', '.join(unknown)}")
    return {name.split(".")[1]: getattr(getattr(params, name.split(".")[0]), name.split(".")[1]) for name in names}
