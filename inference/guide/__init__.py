"""Leads a person, step by step, through what shows how the sensors sit."""
