"""Extractors: what can follow ``--features``. One file per name; see CONTRIBUTING.md to add one."""
