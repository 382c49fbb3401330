"""All experiments of a run, scored and looked into."""
