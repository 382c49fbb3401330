"""Data sets: what can follow ``--data``. One file per name; see CONTRIBUTING.md to add one."""
