"""Bank statements, their lines, and what they seem to pay."""
