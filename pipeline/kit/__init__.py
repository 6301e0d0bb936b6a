"""Tools that know nothing of the crop: another study could take this folder as it is."""
