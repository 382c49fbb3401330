"""Calls spread over threads and processes, with one BLAS thread each."""

from __future__ import annotations

import os

import numpy as np
import pytest

from audioclf import parallel


def by_value(make):
    """Another process can't import a test's module, but a function made inside another one travels whole."""
    return make()


@by_value
def square():
    return lambda number, offset: (number**2 + offset, os.getpid())


@by_value
def blas_threads():
    def count():
        import numpy  # noqa: F401
        from threadpoolctl import threadpool_info

        return [pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"]

    return count


@by_value
def product():
    return lambda matrix: matrix @ matrix.T


@by_value
def fail():
    def third(number):
        if number == 2:
            raise ValueError("the third call")
        return number

    return third


def spread(function, calls, workers):
    """What both ways give, in the order of the calls."""
    results = dict(parallel.share_out(function, list(calls), workers))
    assert sorted(results) == list(range(len(calls)))
    return [results[i] for i in range(len(calls))], list(parallel.in_threads(function, calls, workers))


@pytest.mark.parametrize("workers", [1, 2])
def test_blas_uses_one_thread(workers, monkeypatch):
    monkeypatch.setattr(parallel, "PATIENCE", 0.0)
    for _, threads in parallel.share_out(blas_threads, [()] * 3, workers):
        assert threads
        assert set(threads) == {1}
    with parallel.single_threaded():
        assert set(blas_threads()) == {1}


def test_numbers_dont_depend_on_the_workers(rng, monkeypatch):
    monkeypatch.setattr(parallel, "PATIENCE", 0.0)
    matrices = [(rng.normal(size=(60, 80)).astype(np.float32),) for _ in range(6)]
    with parallel.single_threaded():
        results = [*spread(product, matrices, 1), *spread(product, matrices, 2)]
    for other in results[1:]:
        for one, two in zip(results[0], other):
            np.testing.assert_array_equal(one, two)


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("way", [parallel.share_out, parallel.in_threads])
def test_an_error_reaches_the_caller(way, workers):
    with pytest.raises(ValueError, match="the third call"):
        list(way(fail, [(i,) for i in range(4)], workers))


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("way", [parallel.share_out, parallel.in_threads])
def test_no_calls_give_no_results(way, workers):
    assert list(way(pow, [], workers)) == []


def test_threads_dont_run_far_ahead():
    begun = []
    results = parallel.in_threads(begun.append, ((i,) for i in range(50)), 2)
    next(results)
    assert len(begun) <= 6
    results.close()


def test_count_workers():
    import joblib

    assert parallel.count_workers(3) == 3
    assert parallel.count_workers(None) == joblib.cpu_count()
    for wrong in (0, -1):
        with pytest.raises(ValueError, match=f"the number of workers is {wrong}; it must be at least 1"):
            parallel.count_workers(wrong)


# -- share_out: this process and its helpers ---------------------------------------------------------------


@by_value
def wait_for_a_helper():
    def run(number, own, sign):
        """In the process that shares out: go on when another has done a call."""
        import os
        import time

        if os.getpid() == own:
            end = time.monotonic() + 120
            while number > 0 and not sign.exists() and time.monotonic() < end:
                time.sleep(0.01)
        else:
            sign.touch()
        return number * 10, os.getpid()

    return run


@by_value
def total_of():
    return lambda shared: (float(shared.array.sum()), type(shared.array).__name__, shared.array.flags.writeable)


def test_other_processes_join_and_every_call_is_done_once(tmp_path, monkeypatch):
    monkeypatch.setattr(parallel, "PATIENCE", 0.0)
    calls = [(i, os.getpid(), tmp_path / "sign") for i in range(12)]
    results = list(parallel.share_out(wait_for_a_helper, calls, 2))
    assert sorted(position for position, _ in results) == list(range(12))
    assert all(value == position * 10 for position, (value, _) in results)
    processes = {process for _, (_, process) in results}
    assert len(processes) == 2
    assert os.getpid() in processes


def test_short_work_starts_no_process(monkeypatch):
    monkeypatch.setattr(parallel._Helpers, "start", lambda self, count: pytest.fail("a process was started"))
    results = list(parallel.share_out(square, [(i, 1) for i in range(20)], 2))
    assert [position for position, _ in results] == list(range(20))


def test_one_worker_shares_nothing_out(monkeypatch):
    monkeypatch.setattr(parallel, "PATIENCE", 0.0)
    results = list(parallel.share_out(square, [(i, 1) for i in range(5)], 1))
    assert results == [(i, (i * i + 1, os.getpid())) for i in range(5)]


def test_share_out_uses_one_blas_thread(monkeypatch):
    monkeypatch.setattr(parallel, "PATIENCE", 0.0)
    for _, threads in parallel.share_out(blas_threads, [()] * 4, 2):
        assert threads
        assert set(threads) == {1}


@by_value
def fail_elsewhere():
    def run(number, own, sign):
        import os
        import time

        if os.getpid() != own:
            sign.touch()
            raise ValueError("in another process")
        end = time.monotonic() + 120
        while number > 0 and not sign.exists() and time.monotonic() < end:
            time.sleep(0.01)

    return run


def test_an_error_of_a_helper_reaches_the_caller(tmp_path, monkeypatch):
    monkeypatch.setattr(parallel, "PATIENCE", 0.0)
    calls = [(i, os.getpid(), tmp_path / "sign") for i in range(6)]
    with pytest.raises(ValueError, match="in another process"):
        list(parallel.share_out(fail_elsewhere, calls, 2))


def test_an_error_here_stops_all(monkeypatch):
    monkeypatch.setattr(parallel, "PATIENCE", 0.0)
    with pytest.raises(ValueError, match="the third call"):
        list(parallel.share_out(fail, [(0,), (2,)], 1))


def test_no_calls_to_share_out():
    assert list(parallel.share_out(square, [], 2)) == []


def test_shared_array_is_written_once_and_mapped(tmp_path, rng):
    import pickle

    array = rng.normal(size=(30, 4)).astype(np.float32)
    shared = parallel.Shared(array, tmp_path)
    assert list(tmp_path.iterdir()) == []
    first, second = pickle.loads(pickle.dumps(shared)), pickle.loads(pickle.dumps(shared))
    assert len(list(tmp_path.iterdir())) == 1
    assert first is second
    np.testing.assert_array_equal(first.array, array)
    assert total_of(first) == (float(array.sum()), "ndarray", False)


def test_two_shared_arrays_are_told_apart(tmp_path):
    import pickle

    found = [float(pickle.loads(pickle.dumps(parallel.Shared(np.full(3, i), tmp_path))).array[0]) for i in range(20)]
    assert found == [float(i) for i in range(20)]
