"""The words of the calculator in both languages; numbers stand in braces."""

from pipeline.kit.language import Text
from pipeline.study.names import PACKAGES

OPTIONS = {
    **PACKAGES,
    "fertilizer": Text("Fertilizer, full rate ({full} kg/ha)", "Pupuk, dosis penuh ({full} kg/ha)"),
    "fertilizer_best": Text(
        "Fertilizer, best rate on average ({dose} kg/ha)", "Pupuk, dosis terbaik rata-rata ({dose} kg/ha)"
    ),
    "training_fertilizer": Text("Training + fertilizer", "Pelatihan + pupuk"),
    "package": Text("Sleeving + fertilizer", "Penyarungan + pupuk"),
    "full_package": Text("Training + sleeving + fertilizer", "Pelatihan + penyarungan + pupuk"),
}

LABELS = {
    "cocoa": Text("Price of dry beans at the farm gate (Rp/kg)", "Harga biji kering di tingkat petani (Rp/kg)"),
    "fertilizer": Text("Price of NPK fertilizer (Rp/kg)", "Harga pupuk NPK (Rp/kg)"),
    "wage": Text("Wage for a day of labour (Rp/day)", "Upah kerja harian (Rp/hari)"),
    "yield_now": Text("Present yield (kg dry beans/ha/year)", "Hasil sekarang (kg biji kering/ha/tahun)"),
    "attacked": Text("Pods attacked by the pod borer (%)", "Buah terserang penggerek buah kakao/PBK (%)"),
    "age": Text("Age of the trees (years)", "Umur tanaman (tahun)"),
}

HINTS = {
    "cocoa": Text(
        "Start value: {when}; ask today's price. From {low} to {high}; "
        "reported in Indonesia: {evidence_low} to {evidence_high}.",
        "Isian awal: {when}; tanyakan harga hari ini. Dari {low} sampai "
        "{high}; pernah dilaporkan di Indonesia: {evidence_low} sampai {evidence_high}.",
    ),
    "fertilizer": Text(
        "Ceiling price of subsidised cocoa NPK (HET): {ceiling}. Shop price in Kutai Timur, reported in October 2023 "
        "and carried to {month}: about {market}. From {low} to {high}: a tenth to ten times these.",
        "HET NPK kakao bersubsidi: {ceiling}. Harga kios di Kutai Timur, laporan Oktober 2023 yang dibawa ke {month}: "
        "sekitar {market}. Dari {low} sampai {high}: sepersepuluh sampai sepuluh kalinya.",
    ),
    "wage": Text(
        "Minimum wage of Kutai Timur 2026 for one working day: {default}. From {low} to {high}: a tenth to ten times "
        "that.",
        "Upah minimum (UMK) Kutai Timur 2026 per hari kerja: {default}. Dari {low} sampai {high}: sepersepuluh sampai "
        "sepuluh kalinya.",
    ),
    "yield_now": Text(
        "Per hectare of mature area. Empty: not known, all yields that are likely in Kutai Timur at your attack "
        "count. From {low} to {high}, the potential of Indonesian clones that no measure can pass.",
        "Per hektare tanaman menghasilkan (TM). Kosong: belum diketahui, dipakai semua hasil yang mungkin di Kutai "
        "Timur pada serangan itu. Dari {low} sampai {high}, yaitu potensi klon Indonesia yang tidak terlampaui "
        "tindakan apa pun.",
    ),
    "attacked": Text(
        "Of 100 pods, how many have the borer? Empty: the borer is there, how much is not known. 0: it is not there.",
        "Dari 100 buah, berapa yang terserang PBK? Kosong: PBK ada, seberapa banyak belum diketahui. 0: tidak ada PBK.",
    ),
    "age": Text(
        "Empty: not known. The age does not enter the sums; it tells whether the evidence speaks of such trees.",
        "Kosong: belum diketahui. Umur tidak masuk hitungan; gunanya menunjukkan apakah bukti berlaku bagi tanaman "
        "seumur itu.",
    ),
}

# What stands beside a field whose value allows no result.
PROBLEMS = {
    "missing": Text(
        "Give a number here; without it there is no result.", "Isi angka di sini; tanpa itu tidak ada hasil."
    ),
    "number": Text(
        "“{typed}” is not a number. Write 70,000 or 1.5: comma between thousands, point before decimals.",
        "“{typed}” bukan angka. Tulis 70.000 atau 1,5: titik untuk ribuan, koma untuk desimal.",
    ),
    "negative": Text("{value} is below zero; that cannot be.", "{value} di bawah nol; tidak mungkin."),
    "low": Text(
        "Read as {value}: too low, the least is {low}. ({reason}) No result is given.",
        "Terbaca {value}: terlalu rendah, paling sedikit {low}. ({reason}) Hasil tidak diberikan.",
    ),
    "high": Text(
        "Read as {value}: too high, the most is {high}. ({reason}) No result is given.",
        "Terbaca {value}: terlalu tinggi, paling banyak {high}. ({reason}) Hasil tidak diberikan.",
    ),
    "harvest": Text(
        "At this price and wage the beans do not pay for their own harvest: one kg takes {harvest_days} days of "
        "labour. No measure can pay.",
        "Pada harga dan upah ini biji tidak menutup ongkos panennya sendiri: satu kg perlu {harvest_days} hari "
        "kerja. Tidak ada tindakan yang menguntungkan.",
    ),
    "immature": Text(
        "Trees below {bearing} years are taken not to bear yet (TBM): the youngest bearing trees in the evidence are "
        "that old. All measures here raise the yield of bearing trees, so they do not apply, and no result is given.",
        "Tanaman di bawah {bearing} tahun dianggap belum menghasilkan (TBM): tanaman menghasilkan termuda dalam bukti "
        "berumur sekian. Semua tindakan di sini menaikkan hasil tanaman menghasilkan (TM), jadi tidak berlaku dan "
        "hasil tidak diberikan.",
    ),
}

# Why the possible range ends where it does.
REASONS = {
    "cocoa": Text("The bounds that the project sets for this price.", "Batas yang dipakai proyek untuk harga ini."),
    "fertilizer": Text(
        "A tenth to ten times the prices known in Kutai Timur; check the number of zeros and that it is per kg.",
        "Sepersepuluh sampai sepuluh kali harga yang dikenal di Kutai Timur; periksa jumlah nol dan satuannya per kg.",
    ),
    "wage": Text(
        "A tenth to ten times the minimum wage; check the number of zeros and that it is per day.",
        "Sepersepuluh sampai sepuluh kali UMK; periksa jumlah nol dan satuannya per hari.",
    ),
    "yield_now": Text(
        "Up to the potential of Indonesian clones; check that it is dry beans, per hectare and year.",
        "Sampai potensi klon Indonesia; periksa apakah biji kering, per hektare, dan per tahun.",
    ),
    "attacked": Text("A share of 100 pods.", "Bagian dari 100 buah."),
    "age": Text("No tree so old is in any record here.", "Tidak ada catatan tanaman setua itu di sini."),
}

# What stands beside a field, and with the result, when the value is possible but not all of it is known.
NOTES = {
    "cocoa.below": Text(
        "Below all prices reported in Indonesia ({evidence_low} to {evidence_high}).",
        "Di bawah semua harga yang pernah dilaporkan di Indonesia ({evidence_low} sampai {evidence_high}).",
    ),
    "cocoa.above": Text(
        "Above all prices reported in Indonesia ({evidence_low} to {evidence_high}).",
        "Di atas semua harga yang pernah dilaporkan di Indonesia ({evidence_low} sampai {evidence_high}).",
    ),
    "fertilizer.below": Text(
        "Below all prices of NPK reported in Indonesia ({evidence_low} to {evidence_high}).",
        "Di bawah semua harga NPK yang pernah dilaporkan di Indonesia ({evidence_low} sampai {evidence_high}).",
    ),
    "fertilizer.above": Text(
        "Above all prices of NPK reported in Indonesia ({evidence_low} to {evidence_high}).",
        "Di atas semua harga NPK yang pernah dilaporkan di Indonesia ({evidence_low} sampai {evidence_high}).",
    ),
    "wage.below": Text(
        "Below the minimum wages of Kutai Timur since 2018 ({evidence_low} to {evidence_high}).",
        "Di bawah UMK Kutai Timur sejak 2018 ({evidence_low} sampai {evidence_high}).",
    ),
    "wage.above": Text(
        "Above the minimum wages of Kutai Timur since 2018 ({evidence_low} to {evidence_high}).",
        "Di atas UMK Kutai Timur sejak 2018 ({evidence_low} sampai {evidence_high}).",
    ),
    "yield_now.below": Text(
        "Below all yields of smallholders in the evidence ({evidence_low} to {evidence_high} kg/ha): whether measures "
        "raise such a yield by the same share is not known.",
        "Di bawah semua hasil kebun rakyat dalam bukti ({evidence_low} sampai {evidence_high} kg/ha): belum diketahui "
        "apakah tindakan menaikkan hasil serendah itu dengan persentase yang sama.",
    ),
    "yield_now.above": Text(
        "Above all yields of smallholders in the evidence ({evidence_low} to {evidence_high} kg/ha): a farm that does "
        "so well probably does part of the measures already and would gain less.",
        "Di atas semua hasil kebun rakyat dalam bukti ({evidence_low} sampai {evidence_high} kg/ha): kebun sebaik itu "
        "mungkin sudah menerapkan sebagian tindakan, jadi tambahannya lebih kecil.",
    ),
    "attacked.below": Text(
        "Of attacks below {evidence_low} % the evidence says only that the loss is small: what sleeves bring there is "
        "not known, and they are not shown.",
        "Tentang serangan di bawah {evidence_low} % bukti hanya menyebut kehilangan hasil kecil: manfaat penyarungan "
        "di situ belum diketahui dan tidak ditampilkan.",
    ),
    "attacked.above": Text(
        "More than in the one trial of East Kalimantan ({evidence_high} %): what sleeves bring there is not known, and "
        "they are not shown.",
        "Lebih dari percobaan satu-satunya di Kalimantan Timur ({evidence_high} %): manfaat penyarungan di situ belum "
        "diketahui dan tidak ditampilkan.",
    ),
    "age.unknown": Text(
        "The result holds for bearing trees (TM). How their age changes what a measure brings is not known.",
        "Hasil ini berlaku bagi tanaman menghasilkan (TM). Pengaruh umur tanaman terhadap tambahan hasil belum "
        "diketahui.",
    ),
    "age.trial": Text(
        "Trees of this age stood in a fertilizer trial ({trial_low} to {trial_high} years). How age changes what a "
        "measure brings is not known: the result is the same at any age of bearing trees.",
        "Tanaman seumur ini ada dalam satu percobaan pupuk ({trial_low} sampai {trial_high} tahun). Pengaruh umur "
        "terhadap tambahan hasil belum diketahui: hasil hitungan sama untuk semua umur TM.",
    ),
    "age.survey": Text(
        "The one fertilizer trial that prints the age had trees of {trial_low} to {trial_high} years; farms surveyed "
        "had trees up to {oldest}. How age changes what a measure brings is not known: the result is the same at any "
        "age of bearing trees.",
        "Satu-satunya percobaan pupuk yang mencantumkan umur memakai tanaman {trial_low} sampai {trial_high} tahun; "
        "kebun yang disurvei sampai {oldest} tahun. Pengaruh umur terhadap tambahan hasil belum diketahui: hasil "
        "hitungan sama untuk semua umur TM.",
    ),
    "age.old": Text(
        "The evidence does not reach trees above {oldest} years. Read the result with doubt: for such trees the "
        "question is whether to rehabilitate (side grafting, replanting), and what that brings is not known here.",
        "Bukti tidak menjangkau tanaman di atas {oldest} tahun. Hasil ini meragukan: untuk tanaman setua itu "
        "pertanyaannya adalah rehabilitasi (sambung samping, peremajaan), dan manfaatnya belum diketahui di sini.",
    ),
}

RESULT = {
    "first": Text(
        "Ahead: {name}. It adds {value} million Rp/ha a year of net income, very likely between {lower} and {upper} "
        "({level} %), for {cost} million Rp/ha; {loss} of 100 cases lose money, and one case of ten brings {bad} or "
        "less. It is the best of all in {chance} of 100 likely cases.",
        "Unggul: {name}. Pendapatan bersih bertambah {value} juta Rp/ha per tahun, kemungkinan besar antara {lower} "
        "dan {upper} ({level} %), dengan biaya {cost} juta Rp/ha; {loss} dari 100 kemungkinan rugi, dan satu dari "
        "sepuluh kemungkinan hanya memberi {bad} atau kurang. Terbaik dari semuanya pada {chance} dari 100 "
        "kemungkinan.",
    ),
    "tie": Text(
        "A tie: what is known does not tell these apart: {names}.",
        "Seri: yang diketahui belum dapat membedakan pilihan berikut: {names}.",
    ),
    "highest": Text(
        "Highest middle value: {name}, {value} million Rp/ha a year for {cost}; {loss} of 100 cases lose money, one "
        "case of ten brings {bad} or less. It is the best of all in only {chance} of 100 cases.",
        "Nilai tengah tertinggi: {name}, {value} juta Rp/ha per tahun dengan biaya {cost}; {loss} dari 100 kemungkinan "
        "rugi, satu dari sepuluh kemungkinan hanya memberi {bad} atau kurang. Terbaik hanya pada {chance} dari 100 "
        "kemungkinan.",
    ),
    "safest": Text(
        "Least risk of a loss: {name}, {loss} of 100 cases; {value} million Rp/ha for {cost}, one case of ten {bad} or "
        "less.",
        "Risiko rugi terkecil: {name}, {loss} dari 100 kemungkinan; {value} juta Rp/ha dengan biaya {cost}, satu dari "
        "sepuluh kemungkinan {bad} atau kurang.",
    ),
    "cheapest": Text(
        "Lowest cost: {name}, {cost} million Rp/ha; it adds {value}, {loss} of 100 cases lose money.",
        "Biaya terendah: {name}, {cost} juta Rp/ha; tambahannya {value}, {loss} dari 100 kemungkinan rugi.",
    ),
    "and": Text("; ", "; "),
    "outside": Text(
        "No measure is named here: the evidence does not reach this setting ({settings}). The sums below are shown for "
        "what they are.",
        "Tidak ada tindakan yang disebut: bukti tidak menjangkau isian ini ({settings}). Hitungan di bawah hanya "
        "ditampilkan apa adanya.",
    ),
    "rare": Text(
        "No measure is named here: this yield and this attack by the borer hardly occur together ({settings}). At most "
        "{possible} of 100 likely cases allow it; in the others the trees would have to bear more than {potential} "
        "kg/ha without the borer, the potential of Indonesian clones. Check both numbers; no sums are shown.",
        "Tidak ada tindakan yang disebut: hasil dan serangan PBK ini hampir tidak pernah terjadi bersamaan "
        "({settings}). Paling banyak {possible} dari 100 kemungkinan dapat terjadi; pada yang lain, tanpa PBK tanaman "
        "harus menghasilkan lebih dari {potential} kg/ha, yaitu potensi klon Indonesia. Periksa kedua angka itu; "
        "hitungan tidak ditampilkan.",
    ),
    "unknown": Text("not known", "belum diketahui"),
    "possible": Text(
        "In {possible} of 100 likely cases this yield and the attack by the borer can occur together; only these "
        "count. In the others the trees would have to bear more than {potential} kg/ha without the borer.",
        "Pada {possible} dari 100 kemungkinan, hasil ini dan serangan PBK dapat terjadi bersamaan; hanya itu yang "
        "dihitung. Pada yang lain, tanpa PBK tanaman harus menghasilkan lebih dari {potential} kg/ha.",
    ),
    "nothing": Text(
        "No measure pays at these settings: each is more likely to lose than to gain. Doing nothing comes first.",
        "Tidak ada tindakan yang menguntungkan pada isian ini: semuanya lebih mungkin rugi. Tanpa tindakan lebih baik.",
    ),
    "dose": Text(
        "{value} kg/ha a year; between {lower} and {upper} ({level} %)",
        "{value} kg/ha per tahun; antara {lower} dan {upper} ({level} %)",
    ),
    "mean_dose": Text(
        "This is the rate at which the last kg just earns its cost, for who knows the response of the farm; the "
        "interval is wide because nobody does. Nothing was tried above {most} kg/ha. One rate for all farms: "
        "{dose} kg/ha has the best mean income (compared in tenths, up to {full} kg/ha).",
        "Pada dosis ini kg terakhir tepat menutup biayanya, bagi yang mengetahui respons kebunnya; selangnya lebar "
        "karena belum ada yang tahu. Di atas {most} kg/ha belum pernah dicoba. Satu dosis untuk semua kebun: "
        "{dose} kg/ha memberi rata-rata pendapatan terbaik (dibandingkan per sepersepuluh, sampai {full} kg/ha).",
    ),
    "no_mean_dose": Text(
        "This is the rate at which the last kg just earns its cost, for who knows the response of the farm. As one "
        "rate for all farms no rate pays in the mean (compared in tenths, up to {full} kg/ha).",
        "Pada dosis ini kg terakhir tepat menutup biayanya, bagi yang mengetahui respons kebunnya. Sebagai satu dosis "
        "untuk semua kebun tidak ada yang menguntungkan secara rata-rata (dibandingkan per sepersepuluh, sampai "
        "{full} kg/ha).",
    ),
    "no_dose": Text(
        "0 kg/ha: fertilizer is more likely not to pay; between {lower} and {upper} kg/ha a year ({level} %)",
        "0 kg/ha: pupuk lebih mungkin tidak menguntungkan; antara {lower} dan {upper} kg/ha per tahun ({level} %)",
    ),
    "left_out": Text(
        "Measures with sleeving are left out: without the pod borer there is nothing to sleeve, and outside the "
        "evidence nobody knows what it brings.",
        "Tindakan dengan penyarungan tidak ditampilkan: tanpa PBK tidak perlu menyarungi buah, dan di luar jangkauan "
        "bukti manfaatnya belum diketahui.",
    ),
    "none": Text("No result at these settings.", "Tidak ada hasil pada isian ini."),
    "interval": Text("{lower} to {upper}", "{lower} sampai {upper}"),
    "copied": Text("Link copied.", "Tautan tersalin."),
    "not_copied": Text(
        "Copy the address of this page: it holds the settings.",
        "Salin alamat halaman ini: isian tersimpan di dalamnya.",
    ),
    "bad_link": Text(
        "Some settings in the link could not be read and were left at their start.",
        "Sebagian isian dalam tautan tidak terbaca dan dibiarkan seperti awal.",
    ),
}

PAGE = {
    "title": Text(
        "Calculator: which measure pays on your farm?", "Kalkulator: tindakan mana yang menguntungkan di kebun Anda?"
    ),
    "intro": Text(
        "Set what you know of your farm; what you leave empty stays not known. The result moves at once.",
        "Isi yang Anda ketahui tentang kebun; yang dikosongkan dianggap belum diketahui. Hasil langsung berubah.",
    ),
    "numbers": Text(
        "Numbers: comma between thousands, point before decimals (70,000 or 1.5).",
        "Angka: titik untuk ribuan, koma untuk desimal (70.000 atau 1,5).",
    ),
    "noscript": Text(
        "This browser runs no JavaScript, so settings cannot be changed. Below is the result at the start values.",
        "Peramban ini tidak menjalankan JavaScript, jadi isian tidak dapat diubah. Di bawah ini hasil pada isian awal.",
    ),
    "settings": Text("Your farm", "Kebun Anda"),
    "reset": Text("Back to the start values", "Kembali ke isian awal"),
    "copy_link": Text("Copy link to this result", "Salin tautan hasil ini"),
    "result": Text("Result", "Hasil"),
    "rate": Text("Best fertilizer rate", "Dosis pupuk terbaik"),
    "measures": Text("Extra net income of each measure", "Tambahan pendapatan bersih tiap tindakan"),
    "caption": Text(
        "Million Rp per hectare of mature area and year, for a farmer who does not do the measure yet; middle of all "
        "possible draws, and the interval that holds {level} % of them. At the start values: a hectare with pod borer, "
        "beans at the price of the start values, all else of {month} (freight and training as reported before).",
        "Juta Rp per hektare TM per tahun, bagi petani yang belum menerapkan tindakan itu; nilai tengah semua "
        "simulasi yang mungkin, dan kisaran yang memuat {level} %-nya. Pada isian awal: kebun terserang PBK, harga "
        "biji isian awal, harga lain {month} (ongkos angkut dan pelatihan seperti dilaporkan sebelumnya).",
    ),
    "legend": Text(
        "Bars: the interval; dark mark: the middle; thin line: no gain.",
        "Batang: selangnya; tanda gelap: nilai tengah; garis tipis: tanpa untung.",
    ),
    "measure": Text("Measure", "Tindakan"),
    "income": Text("Million Rp/ha/year", "Juta Rp/ha/tahun"),
    "cost": Text("Cost", "Biaya"),
    "loss": Text("Chance of a loss", "Peluang rugi"),
    "notes": Text("Keep in mind", "Perlu diingat"),
    "how": Text("How this is computed, and what it does not know", "Cara menghitung, dan apa yang belum diketahui"),
}

# Paragraphs of the last section; {fertilizer} and {scenarios} are links to the notebook pages.
HOW = (
    Text(
        "The page holds all {draws} draws of the project: the likely present yields of Kutai Timur, the effect of each "
        "measure from published trials, the harm of the pod borer and the days of labour. At the start values it gives "
        "the numbers of the notebooks on fertilizer ({fertilizer}) and on measures ({scenarios}).",
        "Halaman ini memuat semua {draws} simulasi acak proyek: hasil Kutai Timur yang mungkin, pengaruh tiap tindakan "
        "dari percobaan terbitan, kerusakan oleh PBK, dan hari kerja. Pada isian awal angkanya sama dengan "
        "buku kerja tentang pupuk ({fertilizer}) dan tentang tindakan ({scenarios}).",
    ),
    Text(
        "Each measure multiplies the present yield; the extra beans are sold at your price less the labour to harvest "
        "them. A hectare with the borer yields less than the mean of the district, one without it more. Days of "
        "labour, freight of fertilizer, the cost of sleeves and of training are those of the notebooks; days and "
        "sleeves are assumed, not measured in Kutai Timur. Where you give the yield, draws in which the trees would "
        "bear more than {potential} kg/ha without the borer are not possible and do not count.",
        "Setiap tindakan mengalikan hasil sekarang; tambahan biji dijual dengan harga Anda dikurangi upah panen. Kebun "
        "terserang PBK hasilnya di bawah rata-rata kabupaten, kebun tanpa PBK di atasnya. Hari kerja, ongkos angkut "
        "pupuk, biaya sarung, dan biaya pelatihan sama dengan lembar analisis; hari kerja dan sarung masih asumsi, "
        "belum diukur di Kutai Timur. Jika Anda mengisi hasil, simulasi yang menuntut tanaman menghasilkan lebih dari "
        "{potential} kg/ha tanpa PBK tidak mungkin terjadi dan tidak dihitung.",
    ),
    Text(
        "Not known: how the effect depends on the age of the trees, the clone, the soil or the weather of the year; "
        "whether your farm does part of it already; whether subsidised fertilizer can be bought. Good and bad seasons "
        "are not in it: a bad case comes from what is not known. Training was studied in Africa only. Pruning, "
        "grafting and replanting are left out: no study is like what is recommended here. Compost and weekly harvest "
        "with sanitation rest on too little to be ranked.",
        "Belum diketahui: pengaruh umur tanaman, klon, tanah, dan cuaca tahun itu; apakah kebun Anda sudah menerapkan "
        "sebagian; apakah pupuk bersubsidi dapat dibeli. Musim baik dan buruk tidak termasuk: "
        "keadaan buruk di sini berasal dari yang belum diketahui. Pelatihan hanya diteliti di Afrika. Pemangkasan, "
        "penyambungan, dan peremajaan tidak dihitung: belum ada penelitian seperti yang dianjurkan di sini. Kompos dan "
        "panen mingguan dengan sanitasi terlalu sedikit buktinya untuk diperingkat.",
    ),
    Text(
        "In Dairi, North Sumatra, farms with older trees harvested more. That is about the yield, which you set "
        "yourself, not about what a measure adds; it is not used here.",
        "Di Dairi, Sumatera Utara, kebun dengan tanaman lebih tua panennya lebih banyak. Itu menyangkut "
        "hasil, yang Anda isi sendiri, bukan tambahan dari tindakan; di sini tidak dipakai.",
    ),
)
LINKS = {
    "fertilizer": ("06_model_fertilizer.html", Text("How much fertilizer pays", "Berapa pupuk yang menguntungkan")),
    "scenarios": ("10_scenarios.html", Text("Which package pays", "Paket mana yang menguntungkan")),
}
