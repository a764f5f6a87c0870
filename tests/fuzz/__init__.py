"""Files no program wrote: made by changing real ones, for the suite in short and for `make fuzz` in long."""
