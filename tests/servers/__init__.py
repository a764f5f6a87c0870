"""Real mail servers for tests, each on this machine alone and at a port of its own."""
