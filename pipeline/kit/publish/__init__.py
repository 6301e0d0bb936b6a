"""Estimates, figures and texts in two languages."""
