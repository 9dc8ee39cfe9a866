"""What sensors make of a movement: their errors, their clocks, and their faults."""
