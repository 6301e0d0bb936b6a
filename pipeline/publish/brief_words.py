"""What the brief and the start page of the site both say: what to do first, and what is not known."""

from pipeline.language import Text

UNKNOWN = (
    Text(
        "The mature, immature and damaged area of Kutai Timur in any year, and how much was harvested in 2025.",
        "Luas TM, TBM, dan TR Kutai Timur pada tahun mana pun, dan berapa panen tahun 2025.",
    ),
    Text(
        "How many of all farmers fertilize, prune and were trained, and how many of all pods are attacked; a survey "
        "counts them only on the farms that it visits.",
        "Berapa dari semua petani yang memupuk, memangkas, dan dilatih, dan berapa dari semua buah yang terserang; "
        "survei hanya menghitungnya di kebun yang didatangi.",
    ),
    Text(
        "What trials would show here: of {evidence.pooled_studies:value} pooled studies none is from Kalimantan.",
        "Apa hasil percobaan di sini: dari {evidence.pooled_studies:value} penelitian yang digabung tidak ada yang "
        "dari Kalimantan.",
    ),
    Text(
        "How far to trust this: of {forecast.studies:value} studies foretold by the others, {forecast.outside:value}"
        " fell outside their 80 % range; prices and El Niño explain {price_skill.r2} of the squared yearly changes of "
        "yields.",
        "Seberapa jauh ini dapat dipercaya: dari {forecast.studies:value} penelitian yang diramalkan oleh yang lain,"
        " {forecast.outside:value} di luar selang 80 %-nya; harga dan El Niño menjelaskan {price_skill.r2} dari "
        "kuadrat perubahan hasil tahunan.",
    ),
)


def first_steps(month: Text) -> tuple[Text, ...]:
    """What to do first; ``month`` is that of the prices."""
    return (
        Text(
            "Register growers of up to {subsidy.area_limit} for subsidised cocoa NPK: delivered, a kg costs "
            "{fertilizer.price_step.access.cheap:value} kg of beans at the ceiling (HET) and "
            f"{{fertilizer.price_step.access.dear:value}} kg on the market, at the prices of {month.en}.",
            "Daftarkan pekebun sampai {subsidy.area_limit} untuk NPK kakao bersubsidi: sampai di desa, 1 kg pupuk "
            "setara {fertilizer.price_step.access.cheap:value} kg biji pada HET dan "
            "{fertilizer.price_step.access.dear:value} kg "
            f"di pasar, pada harga {month.id}.",
        ),
        Text(
            "Count attacked pods before paying for sleeves: with beans at {price.cocoa} they lose money on a hectare "
            "with pod borer with a chance of {scenario.pod_sleeving.probability_loss:percent}; how many attacked "
            "pods are needed differs widely between the two readings of the damage (07).",
            "Hitung buah terserang PBK sebelum membiayai penyarungan: dengan harga biji {price.cocoa}, peluang "
            "ruginya di kebun terserang PBK {scenario.pod_sleeving.probability_loss:percent}; berapa buah terserang "
            "yang diperlukan sangat berbeda menurut dua bacaan kerusakan (07).",
        ),
        Text(
            "Prune lightly and keep a strip unpruned to compare: no study of pruning or sanitation is like what is "
            "recommended here, so nobody knows what it brings.",
            "Pangkas ringan dan sisakan sebaris tanpa pangkas sebagai pembanding: belum ada penelitian pemangkasan "
            "atau sanitasi seperti yang dianjurkan di sini, jadi hasilnya belum diketahui.",
        ),
    )
