"""Readers of bank statements."""
