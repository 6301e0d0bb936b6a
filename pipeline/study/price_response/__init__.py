"""Whether yields follow prices."""
