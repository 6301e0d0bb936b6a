"""Published effects and damage, as they were printed."""
