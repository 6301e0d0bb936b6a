"""From a published number back to its source, and whether it comes out again."""
