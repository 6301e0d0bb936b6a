"""Names of measures and causes in both languages, as an extension officer says them."""

from pipeline.language import Text

MEASURES = {
    "mineral_fertilizer": Text("Mineral fertilizer", "Pupuk mineral"),
    "organic_fertilizer": Text("Organic fertilizer", "Pupuk organik"),
    "pod_borer_control": Text("Pod-borer control", "Pengendalian PBK"),
    "black_pod_dieback_control": Text("Black pod and dieback control", "Pengendalian busuk buah dan VSD"),
    "pruning_sanitation": Text("Pruning and sanitation", "Pangkas dan sanitasi"),
    "grafting_replanting": Text("Grafting and replanting", "Sambung dan peremajaan"),
    "training": Text("Training (field school)", "Pelatihan (sekolah lapang)"),
}
CAUSES = {
    "fertilizer": Text("Fertilizer too dear", "Pupuk terlalu mahal"),
    "pests": Text("Pests", "Hama"),
    "technique": Text("Technique not optimal", "Teknik belum optimal"),
    "knowledge": Text("Weak knowledge", "Pengetahuan kurang"),
    "unexplained": Text("Not explained", "Belum terjelaskan"),
    "gap": Text("Whole gap", "Seluruh senjang hasil"),
}
PACKAGES = {
    "fertilizer_ceiling": Text("Fertilizer at ceiling price", "Pupuk harga HET"),
    "fertilizer_market": Text("Fertilizer at market price", "Pupuk harga pasar"),
    "pod_sleeving": Text("Pod sleeving", "Penyarungan buah"),
    "pruning_sanitation": Text("Pruning and sanitation", "Pangkas dan sanitasi"),
    "training": Text("Training", "Pelatihan"),
    "package": Text("Sleeving + fertilizer at ceiling", "Penyarungan + pupuk HET"),
}
