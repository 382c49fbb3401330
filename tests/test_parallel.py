"""Calls spread over processes: in order, with one BLAS thread each."""

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


@pytest.mark.parametrize("workers", [1, 2])
def test_results_come_in_the_order_of_the_calls(workers):
    results = list(parallel.run(square, ((i, 1) for i in range(20)), workers))
    assert [value for value, _ in results] == [i * i + 1 for i in range(20)]
    assert all((process == os.getpid()) == (workers == 1) for _, process in results)


@pytest.mark.parametrize("workers", [1, 2])
def test_blas_uses_one_thread(workers):
    for threads in parallel.run(blas_threads, [()] * 3, workers):
        assert threads
        assert set(threads) == {1}


def test_numbers_dont_depend_on_the_workers(rng):
    matrices = [rng.normal(size=(60, 80)).astype(np.float32) for _ in range(6)]
    here, there = (list(parallel.run(product, [(m,) for m in matrices], n)) for n in (1, 2))
    for one, two in zip(here, there):
        np.testing.assert_array_equal(one, two)


@pytest.mark.parametrize("workers", [1, 2])
def test_an_error_reaches_the_caller(workers):
    with pytest.raises(ValueError, match="the third call"):
        list(parallel.run(fail, [(i,) for i in range(4)], workers))


def test_one_worker_does_a_call_only_when_its_result_is_taken():
    done = []
    results = parallel.run(done.append, ((i,) for i in range(5)), 1)
    next(results)
    next(results)
    assert done == [0, 1]


@pytest.mark.parametrize("workers", [1, 2])
def test_no_calls_give_no_results(workers):
    assert list(parallel.run(square, [], workers)) == []


def test_count_workers():
    import joblib

    assert parallel.count_workers(3) == 3
    assert parallel.count_workers(None) == joblib.cpu_count()
    for wrong in (0, -1):
        with pytest.raises(ValueError, match=f"the number of workers is {wrong}; it must be at least 1"):
            parallel.count_workers(wrong)
