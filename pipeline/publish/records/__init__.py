"""Records of a run in three standards: RO-Crate, Frictionless Data Package and W3C PROV.

All three are written from ``dvc.lock``, the register of sources, the parameters and ``CITATION.cff``, so that they
cannot tell different stories. They hold no time of writing and no random name: the same run gives the same bytes.
"""
