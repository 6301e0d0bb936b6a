"""Gaps, warnings, and sources that contradict each other."""
