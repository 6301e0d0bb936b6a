"""Linear-normal models, mixtures of them, and what a measurement is worth."""
