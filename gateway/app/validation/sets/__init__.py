"""The data sets that validation knows, a module each."""
