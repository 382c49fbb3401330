"""Extractors and what is made of their frames."""
