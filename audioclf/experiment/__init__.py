"""One feature set with one classifier: planned, searched, fitted."""
