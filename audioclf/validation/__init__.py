"""Clips divided into folds."""
