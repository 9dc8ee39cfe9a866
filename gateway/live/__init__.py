"""What a session shows while it runs, and its recording."""
