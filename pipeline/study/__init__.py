"""The science: a folder per question, from clean tables to estimates and figures."""
