"""How fast the project is, beside other tools: ``python -m bench``."""
