"""Clean tables to answers: one module per model."""
