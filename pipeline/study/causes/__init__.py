"""How much of the gap belongs to each cause."""
