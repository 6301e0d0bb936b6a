"""What the import says of a problem, in plain Indonesian and English."""

import pandas as pd

from pipeline.language import Text
from pipeline.survey.names import Form

PROBLEMS = {
    "not_a_number": Text(en="is not a number", id="bukan angka"),
    "ambiguous_number": Text(
        en='can be read in two ways; write it without a thousands mark ("1200" or "1.20")',
        id='dapat dibaca dua cara; tulis tanpa tanda ribuan ("1200" atau "1,20")',
    ),
    "out_of_range": Text(en="is outside what is possible; check the unit", id="di luar batas; periksa satuannya"),
    "not_whole": Text(en="must be a whole number", id="harus bilangan bulat"),
    "not_a_date": Text(en="is not a date", id="bukan tanggal"),
    "unknown_choice": Text(en="is not among the choices of the form", id="tidak ada di pilihan formulir"),
    "exclusive_choice": Text(
        en='"none" or "don\'t know" stands beside another choice',
        id='"tidak ada" atau "tidak tahu" bersama pilihan lain',
    ),
    "missing": Text(en="is not answered", id="belum diisi"),
    "future": Text(en="lies after the visit or the day of sending", id="setelah hari kunjungan atau pengiriman"),
    "long_ago": Text(en="lies before 2020; check the year", id="sebelum 2020; periksa tahunnya"),
    "more_than_counted": Text(en="is more than what was counted", id="lebih banyak dari yang diperiksa"),
    "month_order": Text(en="ends before it begins", id="berakhir sebelum dimulai"),
    "contradiction": Text(en='is "no", but rows with amounts follow', id='dijawab "tidak", tetapi ada baris jumlahnya'),
    "implausible": Text(
        en="is too much for one hectare; a zero too many, or the wrong unit?",
        id="terlalu banyak untuk satu hektare; kelebihan nol, atau satuannya keliru?",
    ),
    "duplicate": Text(
        en="was sent twice with different answers and the same time", id="dikirim dua kali dengan jawaban berbeda"
    ),
    "consent_unknown": Text(
        en="has no clear consent; nothing of it was kept", id="persetujuannya tidak jelas; isinya tidak disimpan"
    ),
}


def with_words(problems: pd.DataFrame, form: Form) -> pd.DataFrame:
    """Problems with the labels of their questions and their reasons in both languages."""
    return problems.assign(
        question_id=[form.label(name, "id") for name in problems["question"]],
        question_en=[form.label(name, "en") for name in problems["question"]],
        reason_id=[PROBLEMS[code].id for code in problems["code"]],
        reason_en=[PROBLEMS[code].en for code in problems["code"]],
    )


def report(counts: dict[str, int], problems: pd.DataFrame, notes: list[str]) -> str:
    """The report for those who collect: counts, what was odd in the file, and every problem; it is private."""
    lines = ["LAPORAN PEMASUKAN SURVEI / REPORT OF THE SURVEY IMPORT", "", *summary(counts), "", *notes, ""]
    for row in problems.itertuples():
        lines += [
            f"{row.id}  [{row.question}]  {row.value!r}",
            f"  {row.question_id}: {row.reason_id}.",
            f"  {row.question_en}: {row.reason_en}.",
        ]
    return "\n".join(lines) + "\n"


def summary(counts: dict[str, int]) -> list[str]:
    """Counts only, nothing of any person; this is what the screen shows."""
    words = {
        "kept": "kiriman dipakai / submissions kept",
        "set_aside": "disisihkan, lihat survey/private/set_aside.csv / set aside, see survey/private/set_aside.csv",
        "refused": "menolak, isinya tidak disimpan / refused, nothing of them is kept",
        "added": "baru atau diperbarui / new or updated",
    }
    return [f"{counts[name]:>8} {text}" for name, text in words.items()]
