"""Sinks: where live frames and records go; none of them ever holds up the pipe."""
