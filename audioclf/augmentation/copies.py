"""Augmented copies of clips: the same sound with noise, at another pitch, in another room ... for training only.

What a copy is like depends on the clip's content, the seed, the copy's number and the effects, and on nothing else:
each effect draws from a generator of its own, made from these. Nothing here touches the global random numbers, so
copies can be made in threads. Audiomentations' own draws come from there; so its transforms are given their
parameters, which are drawn here, and are made anew for each copy.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec

import numpy as np

from audioclf import plugins
from audioclf.augmentation.effect import Effect, Samples
from audioclf.errors import MissingExtraError, SpecError
from audioclf.spec import split

VERSION = 1
"""To be raised whenever copies come out differently: cached features of copies made before are then not found."""

DEFAULT_FACTOR = 3
"""Copies of each clip where nothing else is asked for."""


@dataclass(frozen=True)
class Augmentation:
    """Effects, and how many copies of each clip to make with them.

    Every copy goes through every effect, each time with other random parameters.

    Attributes
    ----------
    effects : tuple of Effect
        As asked for; they are applied in the order of their `Effect.place`.
    factor : int
        Copies of each clip. The first ones are the same whatever their number.
    seed : int
    """

    effects: tuple[Effect, ...]
    factor: int = DEFAULT_FACTOR
    seed: int = 0

    @property
    def spec(self) -> str:
        """The shortest text that makes the effects, as in ``noise,pitch:semitones=3``."""
        return ",".join(effect.spec for effect in self.effects)

    def check_installed(self) -> None:
        """Raise `MissingExtraError` unless Audiomentations is there; it isn't imported, which takes a second."""
        if not find_spec("audiomentations"):
            raise MissingExtraError("Augmented copies", "audiomentations", "augment")

    def copy(self, samples: Samples, sample_rate: int, key: bytes, number: int) -> Samples:
        """Return a copy of a clip.

        Parameters
        ----------
        samples : ndarray of float32, shape (n,)
            At least one. Not changed.
        sample_rate : int
            In Hz.
        key : bytes
            Of the clip's content, as `audioclf.store.recipe.clip_key` gives it.
        number : int
            Which copy, 1 to `factor`.

        Returns
        -------
        ndarray of float32, shape (m,)
            Finite. Where its peak would be above full scale, 1, all of it is brought down so that it is 1.

        Raises
        ------
        MissingExtraError
            If Audiomentations isn't installed.
        """
        self.check_installed()
        samples = np.asarray(samples, np.float32)
        for effect, rng, drawn in self._draws(key, number):
            samples = np.asarray(effect.apply(samples, sample_rate, rng, **drawn), np.float32)
        peak = np.abs(samples).max(initial=0.0)
        return samples / peak if peak > 1 else samples.copy()

    def describe(self, key: bytes, number: int) -> str:
        """Say what is drawn for a copy, in the order of the spec.

        >>> parse("noise,pitch").describe(b"a clip", 1)
        'noise 16 dB, pitch +1.2 semitones'
        """
        told = {effect.name: effect.tell(**drawn) for effect, _, drawn in self._draws(key, number)}
        return ", ".join(told[effect.name] for effect in self.effects)

    def copy_key(self, key: bytes, number: int) -> bytes:
        """Return the key under which the store keeps what is computed of a copy, 16 bytes.

        Parameters
        ----------
        key : bytes
            Of the clip itself.
        number : int
            Which copy, 1 to `factor`.

        Raises
        ------
        MissingExtraError
            If Audiomentations isn't installed: its version counts.
        """
        effects = sorted(effect.spec + f" {effect.version}" * (effect.version > 1) for effect in self.effects)
        facts = (VERSION, _versions(), effects, self.seed, number)
        return hashlib.blake2b(key + repr(facts).encode(), digest_size=16).digest()

    def _draws(self, key: bytes, number: int) -> Iterator[tuple[Effect, np.random.Generator, dict[str, float]]]:
        """Each effect in the order in which they are applied, with its generator and what it drew.

        A generator of its own for each: a copy keeps its pitch when noise is added to the effects.
        """
        for effect in sorted(self.effects, key=lambda effect: (effect.place, effect.name)):
            facts = f"{self.seed} {number} {effect.spec} ".encode()
            digest = hashlib.blake2b(facts + key, digest_size=16).digest()
            rng = np.random.default_rng(int.from_bytes(digest, "little"))
            yield effect, rng, effect.draw(rng)


def parse(text: str, factor: int = DEFAULT_FACTOR, seed: int = 0) -> Augmentation:
    """Read a list of effects, as typed after ``--augment``.

    Parameters
    ----------
    text : str
        Names separated by ``,``, each with its parameters: ``noise:min_snr=5:max_snr=30,pitch:semitones=2``.
    factor : int
        Copies of each clip, at least 1.
    seed : int

    Raises
    ------
    SpecError
        If an effect or a parameter is unknown, a value is wrong or out of its range, an effect stands there twice,
        or *factor* is below 1.

    Examples
    --------
    >>> parse("noise:min_snr=5,pitch:semitones=3", factor=2).spec
    'noise,pitch:semitones=3'
    """
    if factor < 1:
        raise SpecError(f"{factor} augmented copies of each clip; give a factor of at least 1")
    effects: dict[str, Effect] = {}
    for part in text.split(","):
        if not part.strip():
            raise SpecError(f"'{text}' names no effect in one place; write for example noise,pitch")
        named = split(part)
        if len(named) > 1:
            raise SpecError(f"'{part.strip()}': effects are separated by ',', as in noise,pitch")
        [(name, options)] = named
        if name in effects:
            raise SpecError(f"'{name}' stands twice in '{text}'; each effect is applied once")
        effects[name] = plugins.load("augmentations", name).from_options(options)
    return Augmentation(tuple(effects.values()), factor, seed)


@cache
def _versions() -> tuple[tuple[str, str], ...]:
    """The versions of what makes copies: with others, numbers may differ. NumPy's are those of the random draws."""
    from importlib import metadata

    try:
        return tuple((name, metadata.version(name)) for name in ("audiomentations", "python-stretch", "numpy"))
    except metadata.PackageNotFoundError as error:
        raise MissingExtraError("Augmented copies", "audiomentations", "augment") from error
