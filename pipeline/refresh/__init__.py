"""Newer figures from their publishers, taken over only after they were shown."""
