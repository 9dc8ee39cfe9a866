"""Contacts, steps, strides and bouts of walking, from feet, shanks or the lower back."""
