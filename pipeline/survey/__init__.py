"""The plot survey: its form, the import of what officers send in, and the protection of those who answered."""
