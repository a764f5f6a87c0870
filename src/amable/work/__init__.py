"""What is due now, and what does it: in threads of one process, or on many machines."""
