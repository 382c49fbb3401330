"""Pictures of a run, by matplotlib."""
