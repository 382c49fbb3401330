"""The feature store on disk."""
