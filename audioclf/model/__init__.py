"""A fitted classifier with its feature set, in use."""
