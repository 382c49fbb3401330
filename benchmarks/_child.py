"""The process that `_measure.alone` starts: ``python _child.py MODULE FUNCTION ARGUMENTS ANSWER``."""

from __future__ import annotations

import importlib
import json
import sys
from pathlib import Path


def main(module: str, function: str, arguments: str, answer: str) -> None:
    """Call the function and write what it returned, and the process's peak memory, to the file *answer*."""
    called = getattr(importlib.import_module(module), function)
    # Imported after the module, so that the module's own imports are what a process of it alone would do.
    from _measure import NotMeasured, peak_memory
    from threadpoolctl import threadpool_limits

    try:
        with threadpool_limits(limits=1):
            facts = {"value": called(**json.loads(arguments)), "peak": peak_memory()}
    except NotMeasured as why:
        facts = {"missing": str(why)}
    Path(answer).write_text(json.dumps(facts))


if __name__ == "__main__":
    main(*sys.argv[1:])
