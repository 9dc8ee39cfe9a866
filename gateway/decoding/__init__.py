"""From bytes to samples in SI units, each with the time when it was taken."""
