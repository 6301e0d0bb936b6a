"""What the import says of a problem, in plain Indonesian and English."""

from collections.abc import Sequence

import pandas as pd

from pipeline.kit.language import Text
from pipeline.survey.clearing import Cleared
from pipeline.survey.questions import Form

PROBLEMS = {
    "not_a_number": Text(en="is not a number", id="bukan angka"),
    "ambiguous_number": Text(
        en='can be read in two ways; write it without a thousands mark ("1200" or "1.20")',
        id='dapat dibaca dua cara; tulis tanpa tanda ribuan ("1200" atau "1,20")',
    ),
    "out_of_range": Text(en="is outside what is possible; check the unit", id="di luar batas; periksa satuannya"),
    "not_whole": Text(en="must be a whole number", id="harus bilangan bulat"),
    "not_a_date": Text(en="is not a date", id="bukan tanggal"),
    "ambiguous_date": Text(
        en='can be read with the day or the month first; write it as "2026-11-04"',
        id='dapat dibaca dengan hari atau bulan di depan; tulis sebagai "2026-11-04"',
    ),
    "unknown_choice": Text(en="is not among the choices of the form", id="tidak ada di pilihan formulir"),
    "exclusive_choice": Text(
        en='"none" or "don\'t know" stands beside another choice',
        id='"tidak ada" atau "tidak tahu" bersama pilihan lain',
    ),
    "missing": Text(en="is not answered", id="belum diisi"),
    "future": Text(en="lies after the visit or the day of sending", id="setelah hari kunjungan atau pengiriman"),
    "long_ago": Text(en="lies before 2020; check the year", id="sebelum 2020; periksa tahunnya"),
    "far_from_sending": Text(
        en="lies more than half a year before the day of sending; check year and month",
        id="lebih dari setengah tahun sebelum hari pengiriman; periksa tahun dan bulannya",
    ),
    "phone_clock": Text(
        en="comes from a phone with a wrong clock; enter the date of the visit",
        id="berasal dari HP yang jamnya keliru; isi tanggal kunjungannya",
    ),
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
    "copy": Text(
        en="was sent again under another id with the same answers; only the first counts",
        id="dikirim lagi dengan nomor lain dan jawaban yang sama; hanya yang pertama dihitung",
    ),
    "edit_unlinked": Text(
        en='is an edit, and of which submission is not told; export again with "meta/rootUuid" or all versions',
        id='perbaikan dari kiriman yang tidak disebut; ekspor ulang dengan "meta/rootUuid" atau semua versi',
    ),
    "review_rejected": Text(
        en="was rejected in review on the server; approve it there, or leave it out",
        id="ditolak dalam tinjauan di server; setujui di sana, atau biarkan tidak dihitung",
    ),
    "review_on_hold": Text(
        en="is on hold in review on the server; it counts once it is approved there",
        id="ditahan dalam tinjauan di server; dihitung setelah disetujui di sana",
    ),
    "consent_unknown": Text(
        en="is not a clear yes or no; nothing was cleared; correct it on the server or export again with XML names",
        id="bukan ya atau tidak yang jelas; tidak ada yang dihapus; perbaiki di server, atau ekspor dengan nama XML",
    ),
    "refusal_undated": Text(
        en="has no time of the server, so that it may be older or newer than the stored yes; nothing was cleared, and "
        "the submission does not count; export again with the time of sending, or delete it with cacao survey forget",
        id="tanpa waktu server, sehingga tidak jelas lebih lama atau lebih baru daripada ya yang tersimpan; tidak ada "
        "yang dihapus, dan kiriman ini tidak dihitung; ekspor lagi dengan waktu kirimnya, atau hapus dengan cacao "
        "survey forget",
    ),
}

NAMES_DELETED = "{} kiriman berumur 2 tahun kini tanpa nama / submissions two years old now without names"
NO_SERVER_TIME = (
    "{} kiriman tanpa waktu server yang masuk akal: namanya tidak dihapus dengan sendirinya / submissions without a "
    "plausible time of the server: their names are not deleted by themselves"
)
CLOCK = (
    "jam komputer menunjuk {0}, jauh dari perintah terakhir; {1} kiriman berumur 2 tahun belum dihapus namanya. Bila "
    "tanggal itu benar: cacao survey expire --accept / the clock says {0}, far from the last command; names of {1} "
    "submissions two years old were not deleted. If the date is right: cacao survey expire --accept"
)
MANY_PEOPLE = (
    "{0} kiriman dari {1} nama memakai kode kebun yang sama; belum ada yang dihapus. Betulkan kodenya di server dan "
    "masukkan lagi, atau hapus semuanya dengan --accept / {0} submissions of {1} names share a farm code; nothing "
    "was deleted. Correct the code on the server and import again, or delete all of them with --accept"
)
DOUBTFUL = (
    "{0} kiriman lain memakai nama atau nomor HP yang sama, tetapi tidak keduanya, dan tidak dihapus: {1}. Periksa di "
    "server; bila milik petani yang sama, jalankan cacao survey forget untuk nomornya / {0} other submissions have the "
    "same name or the same phone, but not both, and were not deleted. Look at them on the server; where they are of "
    "the same farmer, run cacao survey forget with their ids"
)
AFTER_FORGETTING = """\
Masih perlu / still to be done:
  dvc repro                  hitung ulang hasil tanpa data ini / compute the results again without these data
  dvc gc --workspace         buang salinan lama di cache DVC / drop old copies from the DVC cache (also with --cloud)
  server KoboToolbox/ODK     hapus kiriman di server dan HP / delete the submission on the server and phones
  salinan lain               berkas ekspor, cadangan, lampiran surat / exports, backups, attachments handed out"""
MOST_SHOWN = 10


def clears(gone: Cleared) -> str:
    """What a file that clears several is refused with: which stored submissions it would clear, and how to go on."""
    id, en = [], []
    if gone.refused:
        shown, number = _shown(gone.refused), len(gone.refused)
        id.append(f"{number} kiriman yang tersimpan dengan persetujuan akan dihapus isinya karena ditolak ({shown})")
        en.append(f"it would clear {number} submissions stored with consent, because of refusals")
    if gone.emptied:
        id.append(_losing(gone.emptied, "id"))
        en.append(_losing(gone.emptied, "en"))
    return (
        f"{'; '.join(id)}; berkas ini tidak diambil. Bila memang begitu: ulangi dengan --accept / {'; '.join(en)}; "
        "the file was not taken. If that is right: again with --accept"
    )


def emptied(answers: dict[str, int]) -> str:
    """What is told of a file that was taken although stored submissions lost answers by it."""
    return f"{_losing(answers, 'id')} / {_losing(answers, 'en')}"


def _losing(answers: dict[str, int], language: str) -> str:
    words = {"id": "{} kiriman kehilangan {} jawaban yang tersimpan", "en": "{} submissions lose {} stored answers"}
    return f"{words[language].format(len(answers), sum(answers.values()))} ({_shown(list(answers))})"


def _shown(ids: list[str]) -> str:
    return ", ".join(ids[:MOST_SHOWN]) + (", ..." if len(ids) > MOST_SHOWN else "")


def left_behind(unreadable: list[str], strangers: int) -> list[str]:
    """What in the private folder somebody must look at: files that cannot be read, files of unknown origin."""
    lines = [
        f"survey/private/received/{name} tidak terbaca: periksa dan hapus sendiri / cannot be read: look at it and "
        "delete it yourself"
        for name in unreadable
    ]
    if strangers:
        lines.append(
            f"{strangers} berkas lain di survey/private bukan dari program ini: periksa sendiri / other files in "
            "survey/private do not come from this program: look at them yourself"
        )
    return lines


def with_words(problems: pd.DataFrame, form: Form) -> pd.DataFrame:
    """Problems with the labels of their questions and their reasons in both languages."""
    return problems.assign(
        question_id=[form.label(name, "id") for name in problems["question"]],
        question_en=[form.label(name, "en") for name in problems["question"]],
        reason_id=[PROBLEMS[code].id for code in problems["code"]],
        reason_en=[PROBLEMS[code].en for code in problems["code"]],
    )


def report(counts: dict[str, int], problems: pd.DataFrame, notes: Sequence[str]) -> str:
    """The report for those who collect: counts, what was odd in the file, and every problem; it is private."""
    lines = ["LAPORAN PEMASUKAN SURVEI / REPORT OF THE SURVEY IMPORT", "", *summary(counts), "", *notes, ""]
    for row in problems.itertuples():
        lines += [
            f"{row.id}  [{row.question}]  {row.value!r}",
            *([f"  berkas/file {row.file}, {row.sheet}, baris/row {row.row}, {row.column}"] if row.file else []),
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
