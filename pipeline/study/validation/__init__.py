"""Whether intervals hold on what was left out."""
