"""The configuration: its types, its file, its reference, and what is said of mistakes in it."""
