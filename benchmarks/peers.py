"""The same clip by other libraries: librosa and spafe one after the other, and openSMILE's ComParE 2016 set."""

from __future__ import annotations

import sys

from _material import tone
from _measure import NotMeasured, alone, best, in_turn
from _rows import Row, Setting, main
from pooled import pooled


def librosa_and_spafe(seconds: float = 30.0, rate: int = 22050) -> float:
    """Seconds that librosa's MFCC and spafe's GFCC, BFCC, LPCC and PNCC take, each with its own framing and FFT.

    Frames only: neither deltas nor statistics, which audioclf's side of the row includes.
    """
    import librosa
    from spafe.features import bfcc, gfcc, lpc, pncc
    from spafe.utils.preprocessing import SlidingWindow

    samples = tone(seconds, rate)
    window = SlidingWindow(0.025, 0.010, "hamming")
    settings = {"fs": rate, "num_ceps": 13, "nfft": 1024, "window": window}

    def all_five() -> None:
        librosa.feature.mfcc(y=samples, sr=rate, n_mfcc=13, n_fft=1024, win_length=551, hop_length=220, center=False)
        gfcc.gfcc(samples, low_freq=50, nfilts=40, **settings)
        bfcc.bfcc(samples, low_freq=50, nfilts=24, **settings)
        lpc.lpcc(samples, fs=rate, order=12, window=window)
        pncc.pncc(samples, low_freq=200, nfilts=40, **settings)

    return best(all_five)


def opensmile_compare(seconds: float = 30.0, rate: int = 22050) -> float:
    """Seconds that openSMILE takes for the 6,373 functionals of ComParE 2016."""
    try:
        import opensmile
    except (ImportError, OSError) as error:  # OSError: its library isn't for this system
        raise NotMeasured(f"openSMILE can't be loaded ({error}); pip install 'audioclf[bench]'") from error
    smile = opensmile.Smile(
        feature_set=opensmile.FeatureSet.ComParE_2016,
        feature_level=opensmile.FeatureLevel.Functionals,
    )
    samples = tone(seconds, rate)
    return best(lambda: smile.process_signal(samples, rate))


def against_librosa_and_spafe(setting: Setting) -> dict[str, list[float]]:
    """Time audioclf's statistics and the frames of the other two."""
    return in_turn(
        setting.rounds,
        {"audioclf": lambda: alone(pooled).value, "librosa + spafe": lambda: alone(librosa_and_spafe).value},
    )


def against_opensmile(setting: Setting) -> dict[str, list[float]]:
    """Time audioclf's statistics and openSMILE's."""
    return in_turn(
        setting.rounds,
        {"audioclf": lambda: alone(pooled).value, "openSMILE": lambda: alone(opensmile_compare).value},
    )


ROWS = [
    Row("the same against librosa + spafe, summed", against_librosa_and_spafe, "at least", 60, 200),
    Row("the same against openSMILE ComParE_2016 functionals", against_opensmile, "at least", 20, 80),
]

if __name__ == "__main__":
    main(sys.modules[__name__])
