"""Classifiers: what can follow ``--clf``. One file per name; see CONTRIBUTING.md to add one."""
