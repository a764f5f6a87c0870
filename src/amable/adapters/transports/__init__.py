"""Ways to hand a finished message to the world."""
