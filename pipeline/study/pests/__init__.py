"""What pests and diseases take, and what controls bring back."""
