"""Numbers in words: scores, intervals, p values, times and sizes, written alike in every report and on the terminal."""

from __future__ import annotations

from typing import Any, Protocol

from audioclf.spec import text_of

MISSING = "–"
"""Stands where there is no number."""


class Ends(Protocol):
    """What has both ends of an interval."""

    @property
    def low(self) -> float | None: ...

    @property
    def high(self) -> float | None: ...


class OverFolds(Protocol):
    """What has a mean and a standard deviation over folds."""

    @property
    def mean(self) -> float | None: ...

    @property
    def std(self) -> float | None: ...


def score(value: float | None) -> str:
    """Write a score in [0, 1] with three decimals; a dash where there is none.

    >>> score(0.95349), score(None)
    ('0.953', '–')
    """
    return MISSING if value is None else f"{value:.3f}"


def between(low: float | None, high: float | None) -> str:
    """Write an interval from *low* to *high*; a dash where either is unknown.

    >>> between(0.92, 0.981), between(None, 0.9)
    ('0.920–0.981', '–')
    """
    return MISSING if low is None or high is None else f"{score(low)}–{score(high)}"


def interval(metric: Ends) -> str:
    """Write a metric's interval over clips, as `between`."""
    return between(metric.low, metric.high)


def spread(metric: OverFolds) -> str:
    """Write a metric's mean and its standard deviation over folds.

    >>> from audioclf.results.schema import Metric
    >>> spread(Metric(mean=0.95, std=0.0211)), spread(Metric(mean=0.95, std=None))
    ('0.950 ± 0.021', '0.950')
    """
    return score(metric.mean) if metric.std is None else f"{score(metric.mean)} ± {score(metric.std)}"


def signed(value: float | None) -> str:
    """Write a difference of scores with its sign.

    >>> signed(0.0123), signed(-0.2), signed(0.0001), signed(None)
    ('+0.012', '−0.200', '0.000', '–')
    """
    if value is None:
        return MISSING
    text = f"{abs(value):.3f}"
    return text if float(text) == 0 else ("+" if value > 0 else "−") + text


def p_value(p: float | None) -> str:
    """Write a p value.

    >>> p_value(0.0312), p_value(0.00002), p_value(None)
    ('0.031', '< 0.001', '–')
    """
    if p is None:
        return MISSING
    return "< 0.001" if p < 0.001 else f"{p:.3f}"


def with_p(p: float | None, name: str = "p") -> str:
    """Write a p value with what stands before it.

    >>> with_p(0.0312), with_p(0.00002, "Holm p")
    ('p = 0.031', 'Holm p < 0.001')
    """
    text = p_value(p)
    return f"{name} {text}" if text.startswith("<") else f"{name} = {text}"


def seconds(value: float | None) -> str:
    """Write a number of seconds for a table; the column's head names the unit.

    >>> seconds(0.12345)
    '0.123'
    """
    return MISSING if value is None else f"{value:.3f}"


def duration(value: float | None) -> str:
    """Write a number of seconds in units that can be read at a glance.

    >>> duration(3.21), duration(381.0), duration(7384)
    ('3.2 s', '6 min 21 s', '2 h 03 min')
    """
    if value is None:
        return MISSING
    if round(value, 1) < 60:
        return f"{value:.1f} s"
    minutes, rest = divmod(round(value), 60)
    if minutes < 60:
        return f"{minutes} min {rest:02d} s"
    hours, minutes = divmod(round(value / 60), 60)
    return f"{hours} h {minutes:02d} min"


def milliseconds(value: float | None) -> str:
    """Write a number of milliseconds for a table; the column's head names the unit.

    >>> milliseconds(0.034), milliseconds(2.13), milliseconds(130.4)
    ('0.03', '2.1', '130')
    """
    if value is None:
        return MISSING
    return f"{value:.2f}" if value < 0.995 else two_digits(value)


def size(kilobytes: float | None) -> str:
    """Write a model's size.

    >>> size(0.31), size(193.2), size(12_345)
    ('0.3 kB', '193 kB', '12 MB')
    """
    if kilobytes is None:
        return MISSING
    return f"{two_digits(kilobytes)} kB" if kilobytes < 999.5 else f"{two_digits(kilobytes / 1000)} MB"


def thousands(number: float | None) -> str:
    """Write a large number with three figures at most.

    >>> thousands(950), thousands(1234), thousands(48_200), thousands(1_250_000)
    ('950', '1.2 k', '48 k', '1.2 M')
    """
    if number is None:
        return MISSING
    for limit, unit in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if round(number) >= limit * 0.9995:
            return f"{two_digits(number / limit)} {unit}"
    return f"{number:.0f}"


def two_digits(value: float) -> str:
    """Write a number with one decimal below 10, and none above.

    >>> two_digits(2.34), two_digits(23.4)
    ('2.3', '23')
    """
    return f"{value:.1f}" if value < 9.95 else f"{value:.0f}"


def options(parameters: dict[str, Any]) -> str:
    """Write parameters as they would stand in a spec, but for the separator.

    >>> options({"C": 10.0, "gamma": None, "shrink": True})
    'C=10, gamma=none, shrink=true'
    """
    return ", ".join(f"{key}={text_of(value)}" for key, value in parameters.items())


def shortened(text: str, most: int) -> str:
    """Cut *text* to *most* characters, an ellipsis included.

    >>> shortened("field recordings", 8)
    'field r…'
    """
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"
