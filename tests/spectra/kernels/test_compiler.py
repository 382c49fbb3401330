"""What is compiled, when, and what is kept of it on disk."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from audioclf.spectra.kernels import compiler
from audioclf.spectra.kernels.compiler import kernel
from audioclf.spectra.kernels.fft import power_spectrum
from audioclf.spectra.kernels.matrices import weigh, weights

F32 = 6e-8  # half a unit in the last place


SMALL = """
import sys
import numpy as np
from audioclf.audio import decode as audio
from audioclf.features.frames import static_frames
from audioclf.spectra.kernels import compiler, fft
from audioclf.features.specs import build_extractors
from audioclf.features.functionals import pool_clips
from audioclf.spectra.analysis import Analysis
rng = np.random.default_rng(0)
t = np.arange(30000) / 16000
samples = (np.sin(2000 * t * t) * (t > 0.3) + 0.1 * rng.standard_normal(len(t))).astype(np.float32)
signals = [audio.Signal(samples[:20000], 16000), audio.Signal(samples, 16000)]
extractors = build_extractors("mfcc:deltas=2+gfcc+bfcc+logmel+spectral+chroma")
def run():
    statics = static_frames(signals, Analysis(16000), extractors)
    frames = [e.with_deltas(statics.rows[e.base].T, statics.bounds) for e in extractors]
    return frames, [pool_clips(f, statics.bounds, ("mean", "std", "skewness", "p5")) for f in frames]
with compiler.small_job():
    small = run()
assert fft._power._compiled is None, "a small job compiled something"
whole = run()
assert fft._power._compiled is not None
for kind in range(2):
    for one, two in zip(small[kind], whole[kind]):
        assert not np.array_equal(one, two)
        scale = 1 + np.abs(two).max(axis=0)
        assert (np.abs(one - two) / scale).max() < 5e-6, (np.abs(one - two) / scale).max()
"""


def test_a_small_job_does_without_numba_and_gives_nearly_the_same():
    subprocess.run([sys.executable, "-c", SMALL], check=True)


CODE = """
import sys
import numpy as np
sys.path.insert(0, {folder!r})
import logging
logging.basicConfig(format="%(message)s", stream=sys.stdout)
import outer
print(outer.twice(3.0))
"""


class TestKeptKernels:
    """In processes of their own, with a cache of their own."""

    @pytest.fixture
    def run(self, tmp_path):
        (tmp_path / "outer.py").write_text(
            "from audioclf.spectra.kernels.compiler import kernel\n"
            "@kernel\ndef inner(x):\n    return x + x\n"
            "@kernel\ndef twice(x):\n    return inner(x)\n"
        )

        def run(cache):
            done = subprocess.run(
                [sys.executable, "-c", CODE.format(folder=str(tmp_path))],
                env={**os.environ, "AUDIOCLF_CACHE": str(cache), "PYTHONDONTWRITEBYTECODE": "1"},
                capture_output=True,
                text=True,
                check=True,
            )
            return done.stdout.splitlines()

        return run

    def test_are_compiled_once_and_said_so(self, run, tmp_path):
        first, second = run(tmp_path / "cache"), run(tmp_path / "cache")
        assert "compiling" in first[0]
        assert first[1:] == second == ["6.0"]
        assert list((tmp_path / "cache" / "kernels").rglob("*.nbc"))

    def test_are_compiled_anew_when_their_source_changes(self, run, tmp_path):
        run(tmp_path / "cache")
        source = tmp_path / "outer.py"
        facts = source.stat()
        source.write_text(source.read_text().replace("x + x", "x * x"))
        os.utime(source, ns=(facts.st_atime_ns, facts.st_mtime_ns))
        assert run(tmp_path / "cache")[-1] == "9.0"

    def test_are_compiled_where_nothing_can_be_kept(self, run, tmp_path):
        (tmp_path / "file").write_text("x")
        assert run(tmp_path / "file" / "cache")[-1] == "6.0"
        assert not list(tmp_path.rglob("*.nbc"))

    def test_leave_nothing_in_the_package(self):
        assert not list(Path(compiler.__file__).parent.rglob("*.nb[ci]"))


def test_a_kernel_keeps_the_function_it_was_made_of():
    @kernel
    def double(x):
        """Twice."""
        return 2 * x

    assert double.__doc__ == "Twice."
    assert double.python(4) == double(4) == 8


def test_other_packages_functions_dont_end_up_in_our_folder():
    import numba

    before = numba.config.CACHE_DIR
    power_spectrum(np.zeros(8, np.float32), np.array([0]), np.ones(8, np.float32), 8)
    assert before == numba.config.CACHE_DIR


def test_nothing_is_said_when_nothing_is_compiled(caplog):
    weigh(np.zeros((3, 2), np.float32), weights(np.ones((1, 3))))
    with caplog.at_level(logging.WARNING):
        weigh(np.zeros((3, 2), np.float32), weights(np.ones((1, 3))))
    assert not caplog.records
