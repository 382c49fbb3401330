"""Gammatone-frequency cepstral coefficients."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from audioclf.plugin import Spectra, filterbanks, kernel, param, rows

from ._cepstra import BandCepstra, cosine_transform


@dataclass(frozen=True)
class GFCC(BandCepstra):
    """Gammatone filterbank on the ERB scale, cubic root, DCT-II.

    Shao, Jin, Wang & Srinivasan 2009, "An auditory-based feature for robust speech recognition", with the
    filters applied to the periodogram |FFT|² / n_fft. Equal to ``spafe.features.gfcc.gfcc`` given the same parameters
    and filters (window ``hamming-symmetric``, no pre-emphasis). spafe's own filters are narrower than the
    formula's (see `audioclf.spectra.filterbanks.gammatone`), and its default puts the lowest at 0 Hz, where it
    measures the offset only.

    Examples
    --------
    >>> GFCC(n_coeffs=2).coefficient_names
    ['gfcc_0', 'gfcc_1']
    """

    name = "gfcc"
    title = "gammatone-frequency cepstral coefficients"

    n_bands: int = param(40, "gammatone filters")
    fmin: float = param(50.0, "centre of the lowest filter, Hz")
    fmax: float | None = param(None, "upper end of the centres, Hz; none is half the analysis rate")

    def measure(self, spectra: Spectra) -> NDArray[np.floating]:
        energies = spectra.energies(filterbanks.gammatone, self.n_bands, self.fmin, self.fmax)
        roots = cubic_root(rows(energies))
        roots *= np.float32(spectra.analysis.fft_size ** (-1 / 3))
        return cosine_transform(roots.T, self.n_coeffs)


def cubic_root(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the cubic root of float32 *values* >= 0, to one unit in the last place, shape as *values*.

    NumPy's own works on one value at a time.

    >>> cubic_root(np.array([[0.0, 8.0]], np.float32))
    array([[0., 2.]], dtype=float32)
    """
    out = np.empty_like(values)
    _cubic_root(values, values.view(np.int32), out, out.view(np.int32))
    return out


@kernel
def _cubic_root(values: Any, bits: Any, out: Any, out_bits: Any) -> None:
    """A third of the exponent is the first guess; each of Halley's steps triples the digits that are right."""
    two = np.float32(2)
    for i in range(values.shape[0]):
        for f in range(values.shape[1]):
            out_bits[i, f] = bits[i, f] // 3 + 0x2A5137A0
        for _ in range(2):
            for f in range(values.shape[1]):
                x, root = values[i, f], out[i, f]
                cube = root * root * root
                out[i, f] = root + root * ((x - cube) / (two * cube + x))
        for f in range(values.shape[1]):
            out[i, f] = out[i, f] if values[i, f] > 0 else np.float32(0)


@_cubic_root.plain
def _cubic_root_plain(values: Any, bits: Any, out: Any, out_bits: Any) -> None:
    np.cbrt(values, out=out)
