"""Which measure pays, and which measurement to take first."""
