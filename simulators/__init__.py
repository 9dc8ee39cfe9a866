"""People who move, their sensors and their radio, with the truth of every figure."""
