"""What published effects say together."""
