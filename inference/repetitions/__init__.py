"""Repetitions of exercises and their sets."""
