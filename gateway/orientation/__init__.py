"""Where up is for every sensor, and how it is turned, with how far that may be wrong."""
