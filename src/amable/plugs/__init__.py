"""The contracts that outsiders implement, one small file a kind."""
