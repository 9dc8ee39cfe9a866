"""Angles of joints, trunk and arms, and what each can be trusted to."""
