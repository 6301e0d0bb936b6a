"""Terms of the field in both languages, each with its meaning in one sentence. Definitions only, no figures."""

from dataclasses import dataclass

from pipeline.kit.language import Text


@dataclass(frozen=True)
class Term:
    """One term: what it is called, and what it means."""

    name: Text
    meaning: Text


def term(en: str, id: str, meaning_en: str, meaning_id: str) -> Term:
    """A term from its two names and two meanings."""
    return Term(Text(en, id), Text(meaning_en, meaning_id))


def in_order(language: str) -> list[Term]:
    """The terms as a reader of the language looks them up: by name, whether written large or small."""
    return sorted(TERMS, key=lambda entry: entry.name.in_language(language).casefold())


TERMS = (
    term(
        "Cocoa pod borer",
        "PBK (penggerek buah kakao)",
        "A moth, Conopomorpha cramerella, whose larvae tunnel in the pod so that beans clump together and stay small.",
        "Ngengat Conopomorpha cramerella yang ulatnya menggerek buah sehingga biji melekat satu sama lain dan kecil.",
    ),
    term(
        "Black pod",
        "Busuk buah",
        "A disease by Phytophthora, in Indonesia P. palmivora, that turns pods brown to black, mostly in wet months.",
        "Penyakit karena Phytophthora, di Indonesia P. palmivora, yang menghitamkan buah, terutama pada bulan basah.",
    ),
    term(
        "Vascular streak dieback (VSD)",
        "VSD (mati ranting)",
        "A fungal disease of the wood vessels that yellows and drops leaves and kills branches from the tip.",
        "Penyakit cendawan pada pembuluh kayu yang membuat daun menguning dan gugur serta ranting mati dari ujung.",
    ),
    term(
        "Helopeltis",
        "Helopeltis (kepik pengisap buah)",
        "Sucking bugs that pierce young pods and shoots and leave black spots.",
        "Kepik yang menusuk buah muda dan pucuk serta meninggalkan bercak hitam.",
    ),
    term(
        "Intensity of attack",
        "Intensitas serangan",
        "How severe an attack is, as a share of the worst grade; not the same as the share of pods attacked.",
        "Keparahan serangan, sebagai bagian dari skor terberat; tidak sama dengan bagian buah yang terserang.",
    ),
    term(
        "Integrated pest management (IPM)",
        "PHT (pengendalian hama terpadu)",
        "Keeping pests low by several means together, with pesticides as the last.",
        "Menekan hama dengan beberapa cara sekaligus, dengan pestisida sebagai pilihan terakhir.",
    ),
    term(
        "Biological agents",
        "Agens hayati",
        "Living enemies of a pest or disease, such as fungi or ants, that are put out against it.",
        "Musuh alami hama atau penyakit, misalnya cendawan atau semut, yang dilepas untuk menekannya.",
    ),
    term(
        "Pod sleeving",
        "Penyarungan buah",
        "Covering young pods with a sleeve, mostly of plastic, so that the pod borer cannot lay eggs on them.",
        "Membungkus buah muda dengan sarung, biasanya plastik, agar PBK tidak dapat bertelur di kulit buah.",
    ),
    term(
        "Frequent harvest",
        "Panen sering",
        "Picking ripe pods every week or so, before the larvae of the pod borer leave them.",
        "Memetik buah masak kira-kira setiap minggu, sebelum ulat PBK keluar dari buah.",
    ),
    term(
        "Sanitation",
        "Sanitasi kebun",
        "Taking diseased and empty pods, husks and dead wood out of the farm or burying them.",
        "Membuang atau membenamkan buah sakit, buah kosong, kulit buah, dan kayu mati di kebun.",
    ),
    term(
        "Pruning",
        "Pemangkasan",
        "Cutting branches so that light and air get into the crown and the tree stays low.",
        "Memotong cabang agar cahaya dan udara masuk ke tajuk dan pohon tetap rendah.",
    ),
    term(
        "Shade",
        "Naungan",
        "Trees above the cacao that lessen sun and wind.",
        "Pohon pelindung di atas kakao yang mengurangi sinar matahari dan angin.",
    ),
    term(
        "Clone",
        "Klon",
        "Trees propagated from cuttings or grafts of one mother tree, all with the same traits.",
        "Tanaman yang diperbanyak dari setek atau sambungan satu pohon induk, sehingga sifatnya sama.",
    ),
    term(
        "Side grafting",
        "Sambung samping",
        "Grafting a scion of a better clone on the trunk of a grown tree, which is cut back once the graft bears.",
        "Menyambungkan entres klon yang lebih baik pada batang pohon dewasa, yang dipotong setelah sambungan berbuah.",
    ),
    term(
        "Top grafting",
        "Sambung pucuk",
        "Grafting a scion on top of a young seedling.",
        "Menyambungkan entres pada ujung batang bibit muda.",
    ),
    term(
        "Replanting",
        "Peremajaan",
        "Taking out old trees and planting new ones in their place.",
        "Membongkar pohon tua dan menanam yang baru sebagai gantinya.",
    ),
    term(
        "Rehabilitation",
        "Rehabilitasi",
        "Bringing a neglected stand back to bearing without replanting all of it, by grafting, pruning and infilling.",
        "Memulihkan kebun yang terlantar tanpa menanam ulang seluruhnya, dengan sambung, pangkas, dan sulam.",
    ),
    term(
        "Mature area (TM)",
        "TM (tanaman menghasilkan)",
        "The area of trees that bear.",
        "Luas tanaman yang sudah berbuah.",
    ),
    term(
        "Immature area (TBM)",
        "TBM (tanaman belum menghasilkan)",
        "The area of trees too young to bear.",
        "Luas tanaman yang masih muda dan belum berbuah.",
    ),
    term(
        "Damaged area (TR)",
        "TR (tanaman rusak)",
        "The area of trees that are old, damaged or sterile and will bear no more.",
        "Luas tanaman tua, rusak, atau mandul yang tidak akan menghasilkan lagi.",
    ),
    term(
        "Yield per hectare",
        "Hasil per hektare (produktivitas)",
        "Dry beans of one year over the area; higher on mature than on total area, so the basis must be named.",
        "Biji kering setahun dibagi luas; lebih tinggi atas luas TM daripada luas total, jadi dasarnya harus disebut.",
    ),
    term(
        "Attainable yield",
        "Hasil yang dapat dicapai",
        "The yield that good practice reaches under the same soil and rain.",
        "Hasil yang diperoleh dengan pengelolaan baik pada tanah dan hujan yang sama.",
    ),
    term(
        "Yield gap",
        "Senjang hasil",
        "The attainable yield less the present one.",
        "Hasil yang dapat dicapai dikurangi hasil sekarang.",
    ),
    term(
        "Pod",
        "Buah kakao",
        "The fruit of cacao; its beans lie in a white pulp under a thick husk.",
        "Buah tanaman kakao; bijinya terbungkus pulp putih di dalam kulit yang tebal.",
    ),
    term(
        "Dry beans",
        "Biji kering",
        "Beans dried for sale, fermented or not; yields and prices are counted in them.",
        "Biji yang dikeringkan untuk dijual, difermentasi atau tidak; hasil dan harga dihitung dengannya.",
    ),
    term(
        "Fermentation",
        "Fermentasi",
        "Keeping wet beans in heaps or boxes for some days before drying, so that the flavour of chocolate forms.",
        "Memeram biji basah dalam tumpukan atau kotak beberapa hari sebelum dijemur agar cita rasa cokelat terbentuk.",
    ),
    term(
        "Farm-gate price",
        "Harga di tingkat petani",
        "What a farmer is paid for beans at the farm or in the village.",
        "Harga yang diterima petani untuk bijinya di kebun atau di desa.",
    ),
    term(
        "Ceiling price (HET)",
        "HET (harga eceran tertinggi)",
        "The highest price at which a shop may sell subsidised fertilizer.",
        "Harga tertinggi yang boleh diminta kios untuk pupuk bersubsidi.",
    ),
    term(
        "Subsidised fertilizer",
        "Pupuk bersubsidi",
        "Fertilizer sold below its market price to registered farmers, as far as the allocation reaches.",
        "Pupuk yang dijual di bawah harga pasar kepada petani terdaftar, selama alokasinya ada.",
    ),
    term(
        "e-RDKK",
        "e-RDKK",
        "The electronic plan of a farmers' group in which its members register their need of subsidised fertilizer.",
        "Rencana definitif kebutuhan kelompok tani elektronik, tempat kebutuhan pupuk bersubsidi anggota didaftarkan.",
    ),
    term(
        "Fertilizer shop (kios)",
        "Kios pupuk",
        "The retailer in the village or district that sells fertilizer, the subsidised one too if it is appointed.",
        "Pengecer di desa atau kecamatan yang menjual pupuk, termasuk pupuk bersubsidi bila ditunjuk.",
    ),
    term(
        "NPK",
        "Pupuk NPK",
        "Fertilizer with nitrogen, phosphorus and potassium in one grain.",
        "Pupuk yang memuat nitrogen, fosfor, dan kalium dalam satu butiran.",
    ),
    term(
        "Value-cost ratio",
        "Nisbah nilai-biaya",
        "The worth of the extra beans over what they cost; below one money is lost.",
        "Nilai tambahan biji dibagi biayanya; di bawah satu berarti rugi.",
    ),
    term(
        "Interval",
        "Selang",
        "The range in which a number lies with the chance that is named; a wide one says that little is known.",
        "Kisaran letak suatu angka dengan peluang yang disebutkan; selang lebar berarti belum banyak diketahui.",
    ),
    term(
        "Level of an interval",
        "Peluang selang",
        "The chance that the number lies inside its interval; eighty percent means eight times in ten.",
        "Peluang bahwa angka itu berada di dalam selangnya; delapan puluh persen berarti delapan dari sepuluh kali.",
    ),
    term(
        "Choke price",
        "Harga batas pupuk",
        "The price of fertilizer from which on even the first kilogram costs more than the beans it brings.",
        "Harga pupuk yang mulai dari situ kilogram pertama pun lebih mahal daripada tambahan bijinya.",
    ),
    term(
        "Quadratic plateau",
        "Kurva kuadratik-datar",
        "A yield curve that rises ever more slowly with the dose and from some dose on stays level.",
        "Kurva hasil yang naik makin lambat seiring dosis, lalu mendatar mulai dosis tertentu.",
    ),
    term(
        "Chance of a loss",
        "Peluang rugi",
        "The probability that a measure brings less than it costs.",
        "Kemungkinan bahwa suatu tindakan menghasilkan kurang dari biayanya.",
    ),
    term(
        "Extension officer",
        "Penyuluh",
        "A person who advises farmers in the field, mostly in the service of the regency.",
        "Petugas yang mendampingi dan memberi nasihat kepada petani di lapangan, kebanyakan dari dinas kabupaten.",
    ),
    term(
        "Field school",
        "Sekolah lapang",
        "Training in which a group of farmers learns on a plot of their own over a season.",
        "Pelatihan sekelompok petani yang belajar di petaknya sendiri selama satu musim.",
    ),
    term(
        "Export village (Desa Devisa)",
        "Desa Devisa",
        "A programme of the Indonesian export bank (LPEI) that readies a village to export its product.",
        "Program Lembaga Pembiayaan Ekspor Indonesia (LPEI) yang menyiapkan desa untuk mengekspor produknya.",
    ),
)
