"""Customers, contacts, items, payments and allocations."""
