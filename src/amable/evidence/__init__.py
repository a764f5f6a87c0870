"""The append-only record of what was known, decided, sent and received."""
