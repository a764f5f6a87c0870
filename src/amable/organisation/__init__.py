"""Creditors, their staff and settings, and whose data may be seen."""
