"""Altered copies of the clips that train."""
