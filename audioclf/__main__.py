"""``python -m audioclf``: the same as the command ``audioclf``."""

from audioclf.cli import main

main()
