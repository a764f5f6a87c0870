"""The built-in plugs. They are found by entry point and never imported by name."""
