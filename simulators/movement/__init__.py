"""People who move: their bodies, what they do, what ideal sensors on them feel, and the truth."""
