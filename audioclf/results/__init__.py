"""The lasting record of a run, and what reports ask of it."""
