"""Why the test over folds doesn't decide, and what helps, in a sentence."""

from __future__ import annotations

import re
from types import SimpleNamespace

import pytest

from audioclf.results.names import Names
from audioclf.results.schema import Tests
from audioclf.results.verdicts import too_few


def told(smallest_p, repeats_needed):
    tests = Tests(
        best=Names(features="mfcc", classifier="svm"),
        metric="accuracy",
        level=0.05,
        decided_by="corrected resampled t-test",
        clips_independent=True,
        n_folds=5,
        smallest_p=smallest_p,
        repeats_needed=repeats_needed,
    )
    return too_few(SimpleNamespace(record=SimpleNamespace(tests=tests)))


@pytest.mark.parametrize(
    ("smallest_p", "repeats_needed", "said"),
    [
        (0.18, 2, "5 folds are too few .* 0.18.* With --repeats 2 they may"),
        (0.18, None, "5 folds are too few .* More recordings, or fewer experiments, would help"),
        (0.02, 3, "5 folds that differ as much as these don't say .* With --repeats 3 they may"),
        (None, 3, "5 folds that differ as much as these don't say .* With --repeats 3 they may"),
        (0.02, None, "5 folds that differ as much as these don't say .* More recordings"),
        (None, None, "^$"),
    ],
)
def test_folds_are_too_few_or_differ_too_much(smallest_p, repeats_needed, said):
    assert re.search(said, told(smallest_p, repeats_needed))
