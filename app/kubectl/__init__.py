"""What kubectl prints and reads, in its own words and columns."""
