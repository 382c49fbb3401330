"""A file of sound to a mono signal at a rate."""
