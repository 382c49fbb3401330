"""``python -m audioclf``: the same as the command ``audioclf``."""

from audioclf.cli.main import main

main()
