"""The composition root: what a service is made of, from a configuration."""
