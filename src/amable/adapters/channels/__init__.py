"""Ways to reach a contact."""
