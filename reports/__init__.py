"""Report formats: what can follow ``--report``. One file per name; see CONTRIBUTING.md to add one."""
