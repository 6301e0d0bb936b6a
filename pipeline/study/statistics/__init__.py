"""What official statistics say of area, production and yield."""
