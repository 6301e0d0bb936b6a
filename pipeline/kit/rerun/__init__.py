"""What ``dvc repro`` does, with independent stages side by side and kernels that need not start cold.

Checking, saving, caching and recording are DVC's own; only the waiting for commands is done here.
"""
