"""How things are timed: shortest of several runs, both sides of a ratio in turn, each in its own process."""

from __future__ import annotations

import contextlib
import inspect
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parent
_LIMITS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")


class NotMeasured(Exception):
    """A row that can't be measured here; the message says why."""


@dataclass(frozen=True)
class Outcome:
    """What a function in a process of its own gave.

    Attributes
    ----------
    value : Any
        What it returned: anything that JSON holds.
    seconds : float
        The whole process, from its start to its end.
    peak : int
        The most memory that the process held at any time, in bytes; 0 where the system doesn't tell.
    """

    value: Any
    seconds: float
    peak: int


def best(function: Callable[[], object], runs: int = 3, seconds: float = 1.0) -> float:
    """Return the shortest of several runs, in seconds; the first, which fills caches, doesn't count.

    Parameters
    ----------
    function : callable
    runs : int
        At least this many runs count.
    seconds : float
        Go on until this much time has passed.

    Examples
    --------
    >>> best(lambda: time.sleep(0.01), runs=1, seconds=0.0) > 0.009
    True
    """
    function()
    times: list[float] = []
    while len(times) < runs or sum(times) < seconds:
        start = time.perf_counter()
        function()
        times.append(time.perf_counter() - start)
    return min(times)


def in_turn(rounds: int, sides: Mapping[str, Callable[[], float]]) -> dict[str, list[float]]:
    """Call every side once a round, one after the other, so that a change in the machine's speed meets them all.

    >>> in_turn(2, {"a": lambda: 1.0, "b": lambda: 2.0})
    {'a': [1.0, 1.0], 'b': [2.0, 2.0]}
    """
    figures: dict[str, list[float]] = {name: [] for name in sides}
    for _ in range(rounds):
        for name, call in sides.items():
            figures[name].append(call())
    return figures


def alone(function: Callable[..., Any], **arguments: Any) -> Outcome:
    """Call a function of a benchmark's module in a new process, with one thread for BLAS, OpenMP and numba.

    Parameters
    ----------
    function : callable
        Defined at the top of a module in this folder; returns what JSON holds.
    **arguments
        What JSON holds.

    Raises
    ------
    NotMeasured
        If the function raises it, or anything else, or the process is killed.
    """
    module = Path(inspect.getfile(function)).stem  # a script's own name is __main__
    with tempfile.TemporaryDirectory() as folder:
        answer = Path(folder) / "answer.json"
        call = [sys.executable, str(FOLDER / "_child.py"), module, function.__name__, json.dumps(arguments)]
        seconds = seconds_of([*call, str(answer)])
        facts = json.loads(answer.read_text())
    if "missing" in facts:
        raise NotMeasured(facts["missing"])
    return Outcome(facts["value"], seconds, facts["peak"])


def seconds_of(command: Sequence[str]) -> float:
    """Run a program to its end, with one thread for BLAS, OpenMP and numba, and return how long it took in seconds.

    >>> seconds_of([sys.executable, "-c", "pass"]) > 0
    True

    Raises
    ------
    NotMeasured
        If it fails; the message holds the last line that it wrote to stderr.
    """
    environment = {**os.environ, **dict.fromkeys(_LIMITS, "1")}
    start = time.perf_counter()
    done = subprocess.run(command, env=environment, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    seconds = time.perf_counter() - start
    if done.returncode:
        said = done.stderr.strip().splitlines()
        why = said[-1] if said else f"exit code {done.returncode}"
        raise NotMeasured(f"{Path(command[0]).name} {Path(command[1]).name} failed: {why}")
    return seconds


def peak_memory() -> int:
    """Return the most memory that this process has held so far, in bytes; 0 where the system doesn't tell."""
    # Linux counts into ru_maxrss what the parent held at the fork, so that its own count is taken first.
    with contextlib.suppress(OSError):
        for line in Path("/proc/self/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    try:
        import resource
    except ImportError:
        return 0
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
