"""Names of measures, causes and countries in both languages, as an extension officer says them."""

from pipeline.kit.language import Text

MEASURES = {
    "mineral_fertilizer": Text("Mineral fertilizer", "Pupuk mineral"),
    "organic_fertilizer": Text("Organic fertilizer", "Pupuk organik"),
    "pod_borer_control": Text("Pod-borer control", "Pengendalian PBK"),
    "black_pod_dieback_control": Text("Black pod and dieback control", "Pengendalian busuk buah dan VSD"),
    "pruning_sanitation": Text("Pruning and sanitation", "Pemangkasan dan sanitasi"),
    "grafting_replanting": Text("Grafting and replanting", "Sambung dan peremajaan"),
    "training": Text("Training (field school)", "Pelatihan (sekolah lapang)"),
}
POOLED_MEASURES = {**MEASURES, "shade": Text("Shade kept (context)", "Naungan (konteks)")}
# Each says its scope: no price is in the first, and the pests are one pest as far as one control removes it.
CAUSES = {
    "fertilizer": Text("Fertilizer not used (full dose)", "Pupuk tidak dipakai (dosis penuh)"),
    "pod_borer": Text("Pod borer, as far as sleeves remove it", "PBK, sejauh dihilangkan penyarungan"),
    "pod_borer_and_black_pod": Text(
        "Pod borer and black pod, as far as controls remove them", "PBK dan busuk buah, sejauh dapat dikendalikan"
    ),
    "technique": Text("No pruning, no sanitation (prior only)", "Tanpa pemangkasan dan sanitasi (baru asumsi awal)"),
    "knowledge": Text("No field school", "Belum ikut sekolah lapang"),
    "unexplained": Text("Not explained", "Belum terjelaskan"),
    "gap": Text("Whole gap", "Seluruh senjang hasil"),
}
PACKAGES = {
    "fertilizer_ceiling": Text("Fertilizer at ceiling price (HET)", "Pupuk harga HET"),
    "fertilizer_market": Text("Fertilizer at market price", "Pupuk harga pasar"),
    "pod_sleeving": Text("Pod sleeving", "Penyarungan buah"),
    "borer_sanitation": Text("Weekly harvest, sanitation", "Panen mingguan, sanitasi"),
    "pruning_sanitation": Text("Pruning and sanitation", "Pemangkasan dan sanitasi"),
    "organic_fertilizer": Text("Compost", "Kompos"),
    "training": Text("Training", "Pelatihan"),
    "training_fertilizer": Text("Training + fertilizer at ceiling", "Pelatihan + pupuk HET"),
    "package": Text("Sleeving + fertilizer at ceiling", "Penyarungan + pupuk HET"),
    "full_package": Text("Training + sleeving + fertilizer at ceiling", "Pelatihan + penyarungan + pupuk HET"),
}
FERTILIZER_PRICES = {
    "ceiling": Text("ceiling since Oct 2025", "HET sejak Okt 2025"),
    "ceiling_before": Text("ceiling before Oct 2025", "HET sebelum Okt 2025"),
    "market": Text("market", "pasar"),
}
UNKNOWNS = {
    "present_yield": Text("Present yield", "Hasil sekarang"),
    "fertilizer_effect": Text("Effect of fertilizer", "Pengaruh pupuk"),
    "sleeving_effect": Text("Effect of sleeving", "Pengaruh penyarungan"),
    "training_effect": Text("Effect of training", "Pengaruh pelatihan"),
    "pods_attacked": Text("Pods attacked by borer", "Buah terserang PBK"),
    "area_with_borer": Text("Area that has the borer", "Areal yang terkena PBK"),
    "damage_reading": Text("Which damage curve holds", "Kurva kerusakan yang berlaku"),
    "sleeving_labour": Text("Labour for sleeving", "Tenaga kerja penyarungan"),
    "sleeve_price": Text("Price of sleeves", "Harga sarung buah"),
    "spreading_labour": Text("Labour for spreading", "Tenaga kerja menebar pupuk"),
    "training_cost": Text("Cost of training", "Biaya pelatihan"),
}
REGENCIES = {
    "kutai_timur": Text("Kutai Timur", "Kutai Timur"),
    "berau": Text("Berau", "Berau"),
    "mahakam_ulu": Text("Mahakam Ulu", "Mahakam Ulu"),
}
PESTS = {
    "pod_borer": Text("Pod borer", "PBK"),
    "black_pod": Text("Black pod", "Busuk buah"),
    "dieback": Text("Dieback", "VSD"),
}
PEST_CONTROLS = {
    "none": Text("no control", "tanpa pengendalian"),
    "pod_sleeving": Text("pod sleeving", "penyarungan buah"),
    "ipm_plots": Text("IPM as in Aceh Timur", "PHT seperti di Aceh Timur"),
    "borer_sanitation": Text("weekly harvest, sanitation", "panen mingguan, sanitasi"),
    "biological_agents": Text("biological agents", "agens hayati"),
    "pod_removal": Text("diseased pods removed", "buah busuk dibuang"),
    "fungicide": Text("fungicide", "fungisida"),
    "resistant_clones": Text("resistant clones", "klon tahan"),
}
# As FAOSTAT spells them in English.
COUNTRIES = {
    name.en: name
    for name in (
        Text("Angola", "Angola"),
        Text("Belize", "Belize"),
        Text("Benin", "Benin"),
        Text("Bolivia", "Bolivia"),
        Text("Brazil", "Brasil"),
        Text("Cameroon", "Kamerun"),
        Text("Central African Republic", "Republik Afrika Tengah"),
        Text("China", "Tiongkok"),
        Text("Colombia", "Kolombia"),
        Text("Comoros", "Komoro"),
        Text("Congo", "Kongo"),
        Text("Costa Rica", "Kosta Rika"),
        Text("Cote d'Ivoire", "Pantai Gading"),
        Text("Cuba", "Kuba"),
        Text("Democratic Republic of the Congo", "Republik Demokratik Kongo"),
        Text("Dominica", "Dominika"),
        Text("Dominican Republic", "Republik Dominika"),
        Text("Ecuador", "Ekuador"),
        Text("El Salvador", "El Salvador"),
        Text("Equatorial Guinea", "Guinea Khatulistiwa"),
        Text("Fiji", "Fiji"),
        Text("Gabon", "Gabon"),
        Text("Ghana", "Ghana"),
        Text("Grenada", "Grenada"),
        Text("Guadeloupe", "Guadeloupe"),
        Text("Guatemala", "Guatemala"),
        Text("Guinea", "Guinea"),
        Text("Guyana", "Guyana"),
        Text("Haiti", "Haiti"),
        Text("Honduras", "Honduras"),
        Text("India", "India"),
        Text("Indonesia", "Indonesia"),
        Text("Jamaica", "Jamaika"),
        Text("Liberia", "Liberia"),
        Text("Madagascar", "Madagaskar"),
        Text("Malaysia", "Malaysia"),
        Text("Martinique", "Martinik"),
        Text("Mexico", "Meksiko"),
        Text("Micronesia (Federated States of)", "Mikronesia"),
        Text("Nicaragua", "Nikaragua"),
        Text("Nigeria", "Nigeria"),
        Text("Panama", "Panama"),
        Text("Papua New Guinea", "Papua Nugini"),
        Text("Peru", "Peru"),
        Text("Philippines", "Filipina"),
        Text("Saint Lucia", "Saint Lucia"),
        Text("Saint Vincent and the Grenadines", "Saint Vincent dan Grenadine"),
        Text("Samoa", "Samoa"),
        Text("Sao Tome and Principe", "Sao Tome dan Principe"),
        Text("Sierra Leone", "Sierra Leone"),
        Text("Solomon Islands", "Kepulauan Solomon"),
        Text("Sri Lanka", "Sri Lanka"),
        Text("Suriname", "Suriname"),
        Text("Taiwan", "Taiwan"),
        Text("Tanzania", "Tanzania"),
        Text("Thailand", "Thailand"),
        Text("Timor-Leste", "Timor-Leste"),
        Text("Togo", "Togo"),
        Text("Tonga", "Tonga"),
        Text("Trinidad and Tobago", "Trinidad dan Tobago"),
        Text("Uganda", "Uganda"),
        Text("Vanuatu", "Vanuatu"),
        Text("Venezuela", "Venezuela"),
        Text("Viet Nam", "Vietnam"),
        Text("World", "Dunia"),
    )
}
