"""What the brief and the start page of the site both say: what to do first, and what is not known."""

from pipeline.language import Text

FIRST_STEPS = (
    Text(
        "Register growers of up to {subsidy.area_limit} for subsidised cocoa NPK: at the ceiling it costs "
        "{rupiah_ratio.ceiling_2023:value} kg of beans per kg, on the market of 2023 "
        "{rupiah_ratio.market_2023:value}.",
        "Daftarkan pekebun sampai {subsidy.area_limit} untuk NPK kakao bersubsidi: pada HET 1 kg pupuk setara "
        "{rupiah_ratio.ceiling_2023:value} kg biji, di pasar tahun 2023 {rupiah_ratio.market_2023:value} kg.",
    ),
    Text(
        "Count attacked pods before paying for sleeves: they pay from {sleeving.pays_from.present.sabah:value} % of "
        "pods attacked after the damage curve from Sabah, from {sleeving.pays_from.present.aceh:value} % after the "
        "report from Aceh Timur; on a hectare with pod borer they lose money with a chance of "
        "{scenario.pod_sleeving.probability_loss:percent}.",
        "Hitung buah terserang PBK sebelum membiayai penyarungan: menguntungkan mulai "
        "{sleeving.pays_from.present.sabah:value} % buah terserang menurut kurva Sabah, mulai "
        "{sleeving.pays_from.present.aceh:value} % menurut laporan Aceh Timur; di kebun ber-PBK peluang ruginya "
        "{scenario.pod_sleeving.probability_loss:percent}.",
    ),
    Text(
        "Prune lightly and keep a strip unpruned to compare: trials of pruning range from a gain to a heavy loss.",
        "Pangkas ringan dan sisakan sebaris tanpa pangkas sebagai pembanding: percobaan pangkas berkisar dari untung"
        " sampai rugi besar.",
    ),
)
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
        " fell outside their 80 % range; world prices explain {price_skill.median_r2} of yearly changes of yields.",
        "Seberapa jauh ini dapat dipercaya: dari {forecast.studies:value} penelitian yang diramalkan oleh yang lain,"
        " {forecast.outside:value} di luar selang 80 %-nya; harga dunia menjelaskan {price_skill.median_r2} "
        "perubahan hasil tahunan.",
    ),
)
