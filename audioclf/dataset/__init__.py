"""Clips with their labels and groups, and where they come from."""
