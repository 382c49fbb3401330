"""Effects: what can follow ``--augment``. One file per name; see CONTRIBUTING.md to add one."""
