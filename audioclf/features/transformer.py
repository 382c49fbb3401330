"""Feature sets: extractors joined by ``+``, run over one shared `Spectra`. A scikit-learn transformer."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Union

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, TransformerMixin

from audioclf import parallel
from audioclf.audio import decode
from audioclf.audio.resample import resample
from audioclf.audio.signal import Signal
from audioclf.dataset.clips import Clip
from audioclf.features import functionals
from audioclf.features.frames import static_frames
from audioclf.features.outputs import Output, is_long, outputs_of_long_clip, outputs_of_signals
from audioclf.features.specs import build_extractors, vector_names
from audioclf.features.survey import count_samples, header_of
from audioclf.spectra.analysis import Analysis, analysis_rate
from audioclf.spectra.kernels.rows import rows
from audioclf.spectra.spectra import Frames

ClipLike = Union[Clip, Signal, str, "os.PathLike[str]"]


class FeatureSet(TransformerMixin, BaseEstimator):
    """Extractors joined by ``+``, pooled to one vector a clip.

    Parameters
    ----------
    spec : str
        Such as ``mfcc+gfcc`` or ``mfcc:n_coeffs=13:deltas=2``; `audioclf list features` shows the names.
    sample_rate : int, optional
        Analysis rate in Hz. By default `fit` takes the lowest native rate of its clips, at most 22,050.
    frame_length, hop_length : float
        In seconds.
    window : str
        See `audioclf.spectra.analysis.WINDOWS`.
    n_fft : int, optional
        FFT length in samples; by default the next power of two that holds a frame, at least 1024.
    functionals : str or iterable of str
        What pools frames to a vector; see `audioclf.features.functionals.parse`.

    Attributes
    ----------
    analysis_ : Analysis
        Set by `fit`.

    Raises
    ------
    SpecError
        By `fit` and `frames`, if the spec or a parameter is wrong.
    AudioError
        By `fit` and `transform`, if a recording can't be read.

    Examples
    --------
    >>> tone = Signal(np.sin(np.arange(16000) / 10).astype(np.float32), 16000)
    >>> features = FeatureSet("mfcc+centroid", functionals=["mean", "std"])
    >>> features.fit_transform([tone]).shape
    (1, 28)
    >>> features.get_feature_names_out()[-2:]
    array(['centroid_mean', 'centroid_std'], dtype=object)
    >>> features.frames(tone.samples, 16000).shape
    (98, 14)
    """

    def __init__(
        self,
        spec: str = "mfcc",
        *,
        sample_rate: int | None = None,
        frame_length: float = 0.025,
        hop_length: float = 0.010,
        window: str = "hamming",
        n_fft: int | None = None,
        functionals: str | Sequence[str] = functionals.DEFAULT,
    ) -> None:
        self.spec = spec
        self.sample_rate = sample_rate
        self.frame_length = frame_length
        self.hop_length = hop_length
        self.window = window
        self.n_fft = n_fft
        self.functionals = functionals

    def fit(self, X: Iterable[ClipLike], y: Any = None) -> FeatureSet:
        """Settle the analysis rate from the clips *X*; nothing else is learnt."""
        clips = list(X)
        build_extractors(self.spec)
        functionals.parse(self.functionals)
        if not clips and self.sample_rate is None:
            raise ValueError("no clips to take the analysis rate from; give some, or a sample_rate")
        rate = self.sample_rate or analysis_rate(_native_rate(clip) for clip in clips)
        self.analysis_ = self._analysis(rate)
        return self

    def transform(self, X: Iterable[ClipLike]) -> NDArray[np.float32]:
        """Return the pooled features of clips, shape (n_clips, n_features), float32."""
        rows = [np.hstack(arrays) for arrays in self._arrays(X, functionals.parse(self.functionals))]
        return np.concatenate(rows) if rows else np.empty((0, len(self.get_feature_names_out())), np.float32)

    def sequences(self, X: Iterable[ClipLike]) -> list[Frames]:
        """Return the frames of clips: a list of arrays (n_frames, n_coefficients), float32."""
        return [np.hstack(arrays) for arrays in self._arrays(X, None)]

    def frames(self, samples: NDArray[np.floating], sample_rate: int) -> Frames:
        """Return the features of every frame of mono *samples*, shape (n_frames, n_coefficients), float32.

        The rate of analysis is the fitted one, else the parameter, else *sample_rate* itself.
        """
        if np.ndim(samples) != 1:
            raise ValueError(f"samples must be one-dimensional (mono), got shape {np.shape(samples)}")
        signal = Signal(np.asarray(samples, dtype=np.float32), sample_rate)
        fitted = getattr(self, "analysis_", None)
        analysis = fitted or self._analysis(self.sample_rate or sample_rate)
        extractors = build_extractors(self.spec)
        statics = static_frames([_prepared(signal, analysis)], analysis, extractors)
        return np.concatenate([rows(e.with_deltas(statics.rows[e.base].T)) for e in extractors]).T

    def get_feature_names_out(self, input_features: Any = None) -> NDArray[np.object_]:
        """Return the names of the vector's values: coefficient, then functional (``mfcc_0_mean``)."""
        names = vector_names(build_extractors(self.spec), functionals.parse(self.functionals))
        return np.array(names, dtype=object)

    @property
    def coefficient_names(self) -> list[str]:
        """Names of the columns of `frames`."""
        return [name for extractor in build_extractors(self.spec) for name in extractor.coefficient_names]

    def _analysis(self, sample_rate: int) -> Analysis:
        return Analysis(sample_rate, self.frame_length, self.hop_length, self.window, self.n_fft)

    def _arrays(self, X: Iterable[ClipLike], how: tuple[str, ...] | None) -> Iterator[list[Frames]]:
        """An array of each extractor, for each clip; see `audioclf.features.outputs.outputs_of_signals`."""
        from sklearn.utils.validation import check_is_fitted

        check_is_fitted(self, "analysis_")
        outputs = [Output(extractor, how) for extractor in build_extractors(self.spec)]
        with parallel.single_threaded():
            for clip in X:
                yield _outputs_of(clip, self.analysis_, outputs)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = False
        tags.no_validation = True
        return tags


def _outputs_of(clip: ClipLike, analysis: Analysis, outputs: list[Output]) -> list[Frames]:
    if not isinstance(clip, Signal):
        clip = clip if isinstance(clip, Clip) else Clip(Path(clip))
        if is_long(count_samples(clip, header_of(clip.path))):
            return outputs_of_long_clip(clip, analysis, outputs)
        clip = decode.read(clip.path, analysis.sample_rate, clip.start, clip.end)
    return outputs_of_signals([_prepared(clip, analysis)], analysis, outputs)[0]


def _prepared(signal: Signal, analysis: Analysis) -> Signal:
    signal = resample(signal, analysis.sample_rate)
    if len(signal.samples) < analysis.frame_samples:
        warnings.warn(
            f"a clip of {signal.duration:.3g} s is shorter than one frame of {analysis.frame_length:g} s "
            "and was padded with silence",
            stacklevel=4,
        )
    return signal


def _native_rate(clip: ClipLike) -> int:
    if isinstance(clip, Signal):
        return clip.sample_rate
    return decode.probe(clip.path if isinstance(clip, Clip) else clip).sample_rate
