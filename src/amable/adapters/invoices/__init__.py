"""Readers of ledgers and invoices."""
