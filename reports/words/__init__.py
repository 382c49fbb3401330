"""What reports say in words and figures, so that all formats say the same."""
