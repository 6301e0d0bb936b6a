"""The site: the notebooks and tables as pages in both languages."""
