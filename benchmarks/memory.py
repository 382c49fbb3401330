"""Peak memory of a process that extracts one two-hour recording, against one of ten seconds."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from _material import clips, nine, tone
from _measure import NotMeasured, alone
from _rows import Row, Setting, main

RATE, LONG, SHORT = 44100, 7200, 10


def write_long(folder: Path, seconds: int) -> Path:
    """Write a mono 16-bit WAV of so many seconds, ten at a time, into a new *folder*, and return that."""
    import soundfile

    folder.mkdir()
    blocks = [tone(10, RATE, seed) for seed in range(8)]
    with soundfile.SoundFile(folder / "recording.wav", "w", RATE, 1, "PCM_16") as file:
        for number in range(seconds // 10):
            file.write(blocks[number % len(blocks)])
    return folder


def extraction(folder: str) -> list[int]:
    """Extract nine families with default functionals from a folder's recordings; the shape of the first's vectors."""
    from audioclf.features.extraction import extract
    from audioclf.features.specs import build_extractors
    from audioclf.features.survey import survey
    from audioclf.features.wanted import Wanted
    from audioclf.spectra.analysis import Analysis, analysis_rate
    from audioclf.store.store import NoStore

    found = survey(clips(folder))
    extractors = build_extractors(nine())
    analysis = Analysis(analysis_rate(found.rates.values()))
    done = extract(found.clips, analysis, Wanted(tuple(extractors)), store=NoStore(), workers=1)
    return list(done.vectors[extractors[0]].shape)


def measure(setting: Setting, long: int = LONG) -> dict[str, list[float]]:
    """Peak memory in bytes of both processes; the short one runs three times, for the first may compile."""
    needed = 3 * RATE * long
    if shutil.disk_usage(setting.folder).free < needed:
        raise NotMeasured(f"it needs {needed / 1e6:.0f} MB of disk in {setting.folder}; set TMPDIR")
    short = write_long(setting.folder / "ten-seconds", SHORT)
    two_hours = write_long(setting.folder / "two-hours", long)
    try:
        small = [alone(extraction, folder=str(short)).peak for _ in range(3)]
        large = [alone(extraction, folder=str(two_hours)).peak]
    finally:
        shutil.rmtree(two_hours)
        shutil.rmtree(short)
    if not large[0]:
        raise NotMeasured("this system doesn't tell a process's peak memory")
    return {"two hours": [float(peak) for peak in large], "ten seconds": [float(peak) for peak in small]}


ROWS = [Row("peak memory over two hours against ten seconds", measure, "at most", 200, 100, unit="MB")]

if __name__ == "__main__":
    main(sys.modules[__name__])
