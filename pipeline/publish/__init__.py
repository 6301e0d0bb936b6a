"""Answers to published estimates, figures and pages."""
