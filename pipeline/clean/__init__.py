"""Raw figures to clean tables: one module per family of tables."""
