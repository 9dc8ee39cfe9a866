"""Plans that come with the package, each a file by its name."""
