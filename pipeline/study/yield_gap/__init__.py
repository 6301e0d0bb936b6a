"""How low the yield is, and below what."""
