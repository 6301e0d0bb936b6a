"""Run a notebook as a stage, and say what the stage depends on."""
