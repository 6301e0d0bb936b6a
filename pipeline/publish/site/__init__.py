"""The site: every answer as a page that opens from a folder, in English and in Indonesian."""
