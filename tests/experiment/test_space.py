"""Search spaces: what is tried, and which grids are refused."""

from __future__ import annotations

import json
import pickle
from collections import OrderedDict

import pytest

from audioclf.classifier.contract import build_classifier
from audioclf.cli.main import main
from audioclf.errors import SpecError
from audioclf.experiment.space import candidates, check_grid, load_grid, search_space

DAMAGED = [
    # no JSON
    ("", "no JSON"),
    ("{", 'no JSON .* write for example {"svm"'),
    ('{"svm": {"C": [1, 10]', "no JSON"),
    ("{'svm': {'C': [1]}}", "no JSON"),
    ('{"svm": {"C": [NaN]}}', "NaN is no number"),
    ('{"svm": {"C": [-Infinity]}}', "-Infinity is no number"),
    (b"RIFF\xff\xfe\x00\x00WAVE", "no JSON"),
    (b"\xff\xfe", "no JSON"),
    ("[" * 100_000, "nested too deep"),
    ('{"svm": {"C": [' + "9" * 5000 + "]}}", "no JSON"),
    # of another shape
    ("[]", r"\$: expected an object, got a list"),
    ("null", r"\$: expected an object, got null"),
    ('"svm"', r"\$: expected an object, got text"),
    ("5", r"\$: expected an object, got a whole number"),
    ({"svm": ["C"]}, r"\$\.svm: expected an object, got a list"),
    ({"svm": None}, r"\$\.svm: expected an object, got null"),
    ({"rf": {}, "svm": 10}, r"\$\.svm: expected an object, got a whole number"),
    ({"svm": {"C": 5}}, r"\$\.svm\.C: expected a list, got a whole number"),
    ({"svm": {"C": "1,10"}}, r"\$\.svm\.C: expected a list, got text"),
    ({"svm": {"C": {"from": 1}}}, r"\$\.svm\.C: expected a list, got an object"),
    ({"svm": {"C": []}}, r"\$\.svm\.C: expected a list of length >= 1"),
    ({"svm": {"C": [[1]]}}, r"\$\.svm\.C\[0\]: expected .*, got a list"),
    ({"svm": {"C": [1, {"value": 2}]}}, r"\$\.svm\.C\[1\]: expected .*, got an object"),
    # names and values that aren't those of the classifier
    ({"svn": {}}, r"\$\.svn: unknown classifier 'svn'. Did you mean 'svm'"),
    ({"": {}}, r"\$\.: unknown classifier ''"),
    ({"svm:C=5": {"gamma": [1]}}, r"\$\.svm:C=5: unknown classifier"),
    ({"svm": {"gama": [1]}}, r"\$\.svm\.gama: svm has no parameter 'gama'. Did you mean 'gamma'"),
    ({"svm": {"C": [1, -1]}}, r"\$\.svm\.C: .*C=-1.0; it must be above 0"),
    ({"svm": {"C": [None]}}, r"\$\.svm\.C: .*'none' isn't a value of type float"),
    ({"svm": {"C": [True]}}, r"\$\.svm\.C: .*'true' isn't a value of type float"),
    ('{"svm": {"C": [1e999]}}', r"\$\.svm\.C: .*'inf' isn't a value of type float"),
    ({"knn": {"k": [1.5]}}, r"\$\.knn\.k: .*'1.5' isn't a value of type int"),
    ({"knn": {"k": ["many"]}}, r"\$\.knn\.k: .*'many' isn't a value of type int"),
    ({"knn": {"metric": ["euclid"]}}, r"\$\.knn\.metric: .*metric=euclid; it must be one of"),
    ({"dummy": {"k": [1]}}, r"\$\.dummy\.k: dummy has no parameter 'k'"),
    # what stands twice
    ('{"svm": {"C": [1], "C": [2]}}', "'C' stands twice"),
    ('{"svm": {"C": [1]}, "svm": {}}', "'svm' stands twice"),
]


def grid_file(tmp_path, content):
    path = tmp_path / "grid.json"
    if not isinstance(content, bytes):
        content = (content if isinstance(content, str) else json.dumps(content)).encode()
    path.write_bytes(content)
    return path


def test_a_grids_values_are_converted_as_a_specs_are(tmp_path):
    grid = load_grid(
        grid_file(
            tmp_path,
            {
                "svm": {"C": [1, 2.5], "gamma": [None, 0.01, "0.3x"], "class_weight": [None, "balanced"]},
                "knn": {"k": [1, 3.0, 3]},
                "rf": {},
            },
        )
    )
    assert grid == {
        "svm": {"C": [1.0, 2.5], "gamma": [None, 0.01, "0.3x"], "class_weight": [None, "balanced"]},
        "knn": {"k": [1, 3]},
        "rf": {},
    }
    assert [type(value) for value in [*grid["svm"]["C"], *grid["knn"]["k"]]] == [float, float, int, int]


@pytest.mark.parametrize(("content", "message"), DAMAGED)
def test_a_damaged_grid_is_one_line_that_names_the_file_and_the_field(tmp_path, content, message):
    path = grid_file(tmp_path, content)
    with pytest.raises(SpecError, match=message) as caught:
        load_grid(path)
    assert str(caught.value).startswith(f"--grid {path}: ")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("content", [content for content, _ in DAMAGED])
def test_a_damaged_grid_ends_the_command_before_the_data_is_read(tmp_path, capsys, content):
    path = grid_file(tmp_path, content)
    with pytest.raises(SystemExit) as ended:
        main(["compare", "--data", str(tmp_path / "nowhere"), "--features", "zcr", "--clf", "knn", "--grid", str(path)])
    assert ended.value.code == 2
    told = capsys.readouterr().err
    assert f"--grid {path}: " in told.replace("\n", " ")
    assert "Traceback" not in told
    assert "nowhere" not in told


def test_a_grid_with_a_byte_order_mark_is_read(tmp_path):
    assert load_grid(grid_file(tmp_path, b'\xef\xbb\xbf{"knn": {"k": [1]}}')) == {"knn": {"k": [1]}}


def test_a_grid_from_python_may_hold_tuples_and_other_mappings():
    assert check_grid(OrderedDict(knn=OrderedDict(k=(1, 3)))) == {"knn": {"k": [1, 3]}}
    with pytest.raises(SpecError, match=r"^grid\.knn\.k: expected a list, got 'range'$"):
        check_grid({"knn": {"k": range(3)}})
    with pytest.raises(SpecError, match=r"^grid: expected an object, got a list$"):
        check_grid(["knn"])


def test_a_grid_that_cannot_be_read_is_refused(tmp_path):
    with pytest.raises(SpecError, match="can't be read"):
        load_grid(tmp_path / "absent.json")
    with pytest.raises(SpecError, match="can't be read: Is a directory"):
        load_grid(tmp_path)


def test_what_the_spec_sets_is_not_searched_even_where_it_is_the_default():
    assert set(search_space(build_classifier("svm"))) == {"C", "gamma"}
    assert set(search_space(build_classifier("svm:C=5"))) == {"gamma"}
    assert set(search_space(build_classifier("svm:C=10"))) == {"gamma"}
    assert {c.C for c in candidates(build_classifier("svm:C=10"))} == {10.0}
    assert search_space(build_classifier("svm:C=5"), {"svm": {"C": [1.0], "gamma": [0.1]}}) == {"gamma": [0.1]}


def test_given_parameters_are_remembered_through_pickling_but_make_no_other_classifier():
    asked = pickle.loads(pickle.dumps(build_classifier("svm:C=10")))
    assert asked.given == {"C"}
    assert asked == build_classifier("svm")
    assert asked.spec == "svm"
    from_python = type(asked)(gamma=0.2)
    assert set(search_space(from_python)) == {"C"}


def test_all_combinations_are_candidates_once_the_one_asked_for_first():
    found = candidates(build_classifier("knn:weights=uniform"), budget=100)
    assert len(found) == len(set(found)) == 12
    assert found[0] == build_classifier("knn:weights=uniform")
    assert {(c.k, c.metric) for c in found} == {
        (k, m) for k in type(found[0]).space["k"] for m in type(found[0]).space["metric"]
    }
    assert all(c.weights == "uniform" for c in found)


def test_a_grid_replaces_the_space_of_its_classifier_only():
    grid = {"svm": {"C": [3.0]}, "knn": {}}
    assert [c.spec for c in candidates(build_classifier("svm"), grid)] == ["svm", "svm:C=3"]
    assert [c.spec for c in candidates(build_classifier("knn"), grid)] == ["knn"]
    assert candidates(build_classifier("rf"), grid) == candidates(build_classifier("rf"))


@pytest.mark.parametrize("budget", [1, 2, 5, 11, 12, 13])
def test_the_budget_holds_and_the_one_asked_for_is_always_in(budget):
    asked = build_classifier("svm")
    everything = candidates(asked, budget=1000)
    for seed in range(20):
        found = candidates(asked, budget=budget, seed=seed)
        assert len(found) == len(set(found)) == min(budget, len(everything))
        assert found[0] == asked
        assert [c for c in everything if c in found] == found
        assert candidates(asked, budget=budget, seed=seed) == found


def test_with_one_asked_for_outside_the_grid_the_budget_holds_too():
    grid = {"svm": {"C": [1.0, 2.0, 3.0]}}
    assert [len(candidates(build_classifier("svm"), grid, budget)) for budget in (1, 2, 3, 4, 9)] == [1, 2, 3, 4, 4]


def test_the_seed_determines_the_draw_and_every_combination_can_be_drawn():
    asked = build_classifier("svm")
    draws = [tuple(candidates(asked, budget=4, seed=seed)) for seed in range(60)]
    assert len(set(draws)) > 30
    assert {c for draw in draws for c in draw} == set(candidates(asked, budget=1000))


def test_a_grid_of_billions_costs_no_more_than_its_budget():
    values = [float(n) for n in range(1, 2001)]
    grid = {"gboost": {"learning_rate": values, "rounds": list(range(1, 2001)), "max_leaves": list(range(2, 2002))}}
    assert len(candidates(build_classifier("gboost"), grid, budget=10)) == 10


def test_a_budget_below_one_is_refused():
    with pytest.raises(SpecError, match="budget of 0 candidates; it must be at least 1"):
        candidates(build_classifier("svm"), budget=0)


def test_more_combinations_than_can_be_drawn_from_are_refused():
    values = list(range(2, 3002))
    names = ("rounds", "learning_rate", "max_leaves", "min_leaf", "feature_share", "class_weight")
    grid = {"gboost": dict.fromkeys(names, values)}
    with pytest.raises(SpecError, match="gboost: 7e\\+20 combinations are too many"):
        candidates(build_classifier("gboost"), grid)
