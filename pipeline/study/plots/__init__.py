"""What a survey of plots teaches."""
