"""The clocks of sensors, mapped to the host's monotonic clock with a stated uncertainty."""
