"""Messages and tasks: what is said to customers and asked of people."""
