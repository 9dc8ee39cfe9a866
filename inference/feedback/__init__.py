"""Cues for the person, by the rules of the configuration."""
