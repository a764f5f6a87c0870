"""The desk: the pages on which people who are owed spend their day."""
