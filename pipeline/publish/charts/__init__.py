"""What each figure draws: one module per notebook, each function one figure in one language."""
