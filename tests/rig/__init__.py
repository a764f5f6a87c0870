"""Rigs: real processes, a real mail server and a real database, for what no single process can show."""
