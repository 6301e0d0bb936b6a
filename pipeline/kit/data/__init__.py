"""Raw tables with their register, contracts of clean tables, tables of results, warnings about figures."""
