"""What opens files that carry others."""
