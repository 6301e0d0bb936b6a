"""What fertilizer brings, and which dose pays."""
