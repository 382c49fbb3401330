"""Damaged model files: each is refused with one line that names the file and the place, never with a traceback."""

from __future__ import annotations

import io
import json
import zipfile

import numpy as np
import pytest
from numpy.lib import format as npy

from audioclf.cli.main import main
from audioclf.errors import AudioclfError, ModelError, SpecError
from audioclf.model.model import load_model
from audioclf.model.train import train

REMOVED = object()
ELSEWHERE = "m.audioclf: can't be loaded: estimator.json: "


@pytest.fixture(scope="module")
def whole(tiny, tmp_path_factory):
    """The members of a model file, by name."""
    path = train(tiny / "clips.csv", "mfcc+zcr", "logreg", cv=2).save(tmp_path_factory.mktemp("whole") / "m.audioclf")
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


@pytest.fixture
def refused(tiny, tmp_path):
    """Return the one line with which a model file of these members is refused, when it is read or when it answers."""

    def message(members, kind=ModelError):
        path = tmp_path / "m.audioclf"
        path.write_bytes(members if isinstance(members, bytes) else zipped(members))
        with pytest.raises(AudioclfError) as caught:
            load_model(path).predict([tiny / "hum" / "0.wav"])
        assert type(caught.value) is kind
        text = str(caught.value)
        assert "\n" not in text
        assert text.startswith(f"{path}: ")
        return text.removeprefix(f"{tmp_path}/")

    return message


def zipped(members):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return out.getvalue()


def changed(document, path, value):
    """Return JSON with another value at a path such as "analysis.window" or "steps.0", or without it."""
    document = json.loads(document)
    *above, last = [int(part) if part.isdecimal() else part for part in path.split(".")]
    at = document
    for part in above:
        at = at[part]
    if value is REMOVED:
        del at[last]
    else:
        at[last] = value
    return json.dumps(document).encode()


FACTS = [
    ("schema", REMOVED, "$.schema: missing"),
    ("schema", "1", "$.schema: expected a whole number, got text"),
    ("schema", 0, "$.schema: expected a whole number >= 1"),
    ("schema", True, "$.schema: expected a whole number, got true or false"),
    ("audioclf", 1, "$.audioclf: expected text, got a whole number"),
    ("created", None, "$.created: expected text, got null"),
    ("versions", [], "$.versions: expected an object, got a list"),
    ("versions", {"scikit-learn": 1.5}, "$.versions.scikit-learn: expected text, got a number"),
    ("features", REMOVED, "$.features: missing"),
    ("features", None, "$.features: expected text, got null"),
    ("features", ["mfcc"], "$.features: expected text, got a list"),
    ("features", "", "$.features: expected text of length >= 1"),
    ("classifier", REMOVED, "$.classifier: missing"),
    ("classifier", {}, "$.classifier: expected text, got an object"),
    ("classifier", "", "$.classifier: expected text of length >= 1"),
    ("augment", 3, "$.augment: expected text or null, got a whole number"),
    ("task", None, "$.task: "),
    ("task", "regression", "$.task: invalid enum value 'regression'"),
    ("analysis", REMOVED, "$.analysis: missing"),
    ("analysis", [], "$.analysis: expected an object, got a list"),
    ("analysis.sample_rate", REMOVED, "$.analysis.sample_rate: missing"),
    ("analysis.sample_rate", "8000", "$.analysis.sample_rate: expected a whole number, got text"),
    ("analysis.sample_rate", 0, "$.analysis: the sample rate is 0"),
    ("analysis.sample_rate", 10**9, "$.analysis.sample_rate: 1000000000 Hz is more than"),
    ("analysis.frame_length", None, "$.analysis.frame_length: expected a number, got null"),
    ("analysis.frame_length", -1, "$.analysis: the frame length is -1 s"),
    ("analysis.frame_length", 1e9, "$.analysis: frames of more than"),
    ("analysis.hop_length", "x", "$.analysis.hop_length: expected a number, got text"),
    ("analysis.hop_length", 0, "$.analysis: the hop length is 0 s"),
    ("analysis.window", 1, "$.analysis.window: expected text, got a whole number"),
    ("analysis.window", "round", "$.analysis: unknown window 'round'"),
    ("analysis.n_fft", "x", "$.analysis.n_fft: expected a whole number or null, got text"),
    ("analysis.n_fft", 2, "$.analysis: "),
    ("analysis.n_fft", 2**40, "$.analysis: frames of more than"),
    ("functionals", REMOVED, "$.functionals: missing"),
    ("functionals", "mean", "$.functionals: expected a list, got text"),
    ("functionals", [], "$.functionals: expected a list of length >= 1"),
    ("functionals", [1], "$.functionals[0]: expected text, got a whole number"),
    ("functionals", ["mean"], "$.features: mfcc+zcr gives 14 numbers, but the estimator takes 70"),
    ("labels", REMOVED, "$.labels: missing"),
    ("labels", "hum", "$.labels: expected a list, got text"),
    ("labels", {}, "$.labels: expected a list, got an object"),
    ("labels", [], "$.labels: expected a list of length >= 1"),
    ("labels", ["hiss", None, "sweep"], "$.labels[1]: expected text, got null"),
    ("labels", ["hiss", "hum", ""], "$.labels[2]: expected text of length >= 1"),
    ("labels", ["hiss", "hiss", "hum", "sweep"], "$.labels: not sorted, or one stands twice"),
    ("labels", ["sweep", "hum", "hiss"], "$.labels: not sorted, or one stands twice"),
    ("labels", ["hiss", "hum"], "$.labels: lacks sweep, which the estimator answers"),
    ("labels", ["a", "b", "c"], "$.labels: lacks hiss, hum, sweep, which the estimator answers"),
    ("seed", None, "$.seed: expected a whole number, got null"),
    ("seed", 0.5, "$.seed: expected a whole number, got a number"),
    ("dataset", [], "$.dataset: expected an object or null, got a list"),
    ("dataset.name", REMOVED, "$.dataset.name: missing"),
    ("dataset.n_clips", -1, "$.dataset.n_clips: expected a whole number >= 0"),
    ("cv.kind", None, "$.cv.kind: expected text, got null"),
    ("cv.n_splits", "2", "$.cv.n_splits: expected a whole number, got text"),
    ("metrics", [], "$.metrics: expected an object, got a list"),
    ("metrics.accuracy", 0.5, "$.metrics.accuracy: expected an object, got a number"),
    ("metrics.accuracy.mean", REMOVED, "$.metrics.accuracy.mean: missing"),
    ("metrics.accuracy.std", "low", "$.metrics.accuracy.std: expected a number or null, got text"),
]


@pytest.mark.parametrize(("field", "value", "words"), FACTS)
def test_facts(field, value, words, whole, refused):
    text = refused({**whole, "model.json": changed(whole["model.json"], field, value)})
    assert text.startswith(f"m.audioclf: model.json: {words}")


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("features", "mfc", "unknown feature 'mfc'. Did you mean 'mfcc'?"),
        ("features", "mfcc:n_coeffs=0", "mfcc: "),
        ("features", "mfcc+mfcc", "'mfcc+mfcc' gives 'mfcc_0' twice"),
        ("features", "+", "'+' has an empty name"),
        ("classifier", "deepthought", "unknown classifier 'deepthought'"),
        ("classifier", "svm:C=0", "svm: "),
        ("classifier", "svm+knn", "'svm+knn': classifiers can't be joined"),
        ("functionals", ["meen"], "unknown functional 'meen'. Did you mean 'mean'?"),
        ("functionals", ["mean", "mean"], "the functional 'mean' stands twice"),
    ],
)
def test_names_that_are_not_known_here(field, value, words, whole, refused):
    text = refused({**whole, "model.json": changed(whole["model.json"], field, value)}, SpecError)
    assert text.startswith(f"m.audioclf: model.json: $.{field}: {words}")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "no JSON"),
        (b"{", "no JSON"),
        (b"\xff\xfe", "no JSON"),
        (b"[" * 100_000, "nested too deep"),
        (b'{"schema": NaN}', "no JSON (NaN is no number)"),
        (b"[]", "$: expected an object, got a list"),
        (b"null", "$: expected an object, got null"),
        (b'"x"', "$: expected an object, got text"),
        (b"{}", "$.schema: missing"),
    ],
)
def test_facts_that_are_none(content, words, whole, refused):
    assert refused({**whole, "model.json": content}).startswith(f"m.audioclf: model.json: {words}")


STATE = "estimator.state.dict.steps"
STRUCTURE = [
    ("types", REMOVED, "$.types: missing"),
    ("types", "x", "$.types: expected a list, got text"),
    ("types", [1], "$.types[0]: expected text, got a whole number"),
    ("types", [], "$.estimator.type: there is no type 0"),
    ("estimator", REMOVED, "$.estimator: missing"),
    ("estimator.type", -1, "$.estimator.type: there is no type -1"),
    ("estimator.type", 99, "$.estimator.type: there is no type 99"),
    ("estimator.type", None, "$.estimator.type: there is no type None"),
    ("estimator.state", 1, "$.estimator: AttributeError: "),
    ("estimator.state", [1], "$.estimator: TypeError: "),
    ("estimator.state", {}, "$.estimator.state: 0 kinds of node in one"),
    ("estimator.state", {"dict": []}, "$.estimator.state: AttributeError: "),
    ("estimator.state", {"eval": "1"}, "$.estimator.state.eval: unknown kind of node"),
    ("estimator.state", {"dict": {}, "tuple": []}, "$.estimator.state: 2 kinds of node in one"),
    ("estimator.state", {"float": "x"}, "$.estimator.state: ValueError: could not convert string to float: 'x'"),
    ("estimator.state", {"number": [1]}, "$.estimator.state: ValueError: "),
    ("estimator.state", {"number": ["O", 1]}, "$.estimator.state.number: 'O' is no type of a number"),
    ("estimator.state", {"number": ["<i9", 1]}, "$.estimator.state: TypeError: "),
    ("estimator.state", {"array": 99}, "$.estimator.state.array: there is no array 99"),
    ("estimator.state", {"array": "0"}, "$.estimator.state.array: there is no array 0"),
    ("estimator.call", 5, "$.estimator.call: expected a list"),
    ("estimator.call", [], "$.estimator: TypeError: "),
    (f"{STATE}.0.tuple", "x", "$.estimator.state.dict.steps[0].tuple: expected a list"),
    (f"{STATE}.0.tuple.1.state.dict.mean_", {"array": 50}, "$.estimator.state.dict.steps[0].tuple[1].state.dict.mean_"),
]


@pytest.mark.parametrize(("field", "value", "words"), STRUCTURE)
def test_structure_of_the_estimator(field, value, words, whole, refused):
    text = refused({**whole, "estimator.json": changed(whole["estimator.json"], field, value)})
    assert text.startswith(ELSEWHERE + words)
    assert "it was trained with scikit-learn " in text


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b"junk", b'{"types": [], "estimator": ' + b"[" * 600 + b"]" * 600 + b"}"]
)
def test_structure_that_is_none(content, whole, refused):
    text = refused({**whole, "estimator.json": content})
    assert text.startswith((ELSEWHERE, "m.audioclf: holds no fitted classifier, but list"))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("estimator", None),
        ("estimator", 3),
        ("estimator", {"dict": {}}),
        (f"{STATE}", []),
        (f"{STATE}", None),
        (f"{STATE}.1", REMOVED),
        (f"{STATE}.1.tuple.1.state.dict.classes_", REMOVED),
        (f"{STATE}.1.tuple.1.state.dict.classes_", None),
        (f"{STATE}.1.tuple.1.state.dict.classes_", 5),
        (f"{STATE}.1.tuple.1.state.dict.coef_", REMOVED),
        (f"{STATE}.1.tuple.1.state.dict.coef_", "x"),
        (f"{STATE}.1.tuple.1.state.dict.intercept_", None),
        (f"{STATE}.0.tuple.1.state.dict.mean_", REMOVED),
        (f"{STATE}.0.tuple.1.state.dict.scale_", [1, "x"]),
        (f"{STATE}.0.tuple.1.state.dict.n_features_in_", 3),
        (f"{STATE}.0.tuple.1.state.dict.n_features_in_", "many"),
        (f"{STATE}.0.tuple.1", 7),
    ],
)
def test_estimator_that_is_not_whole(field, value, whole, refused):
    """Found by its labels and its width, or when it first answers."""
    refused({**whole, "estimator.json": changed(whole["estimator.json"], field, value)})


def arrays(content):
    stream, read = io.BytesIO(content), []
    while stream.tell() < len(content):
        read.append(npy.read_array(stream, allow_pickle=False))
    return read


def written(members):
    stream = io.BytesIO()
    for array in members:
        npy.write_array(stream, array, allow_pickle=True)
    return stream.getvalue()


@pytest.mark.parametrize(
    "damage",
    [
        lambda content: b"junk" + content,
        lambda content: content[:5],
        lambda content: content[:40],
        lambda content: content[:-1],
        lambda content: content + b"\x93",
        lambda content: content.replace(b"'shape': (70,)", b"'shape': (71,)", 1),
        lambda content: content.replace(b"'shape': (70,)", b"'shape': 'all'", 1),
        lambda content: content.replace(b"'descr': '<f8'", b"'descr': '<x8'", 1),
        lambda content: content.replace(b"'descr'", b"'other'", 1),
        lambda content: content.replace(b"\x93NUMPY\x01", b"\x93NUMPY\x09", 1),
        lambda content: written([np.array([print], dtype=object)]),
    ],
)
def test_arrays_that_cannot_be_read(damage, whole, refused):
    damaged = damage(whole["estimator.npy"])
    assert damaged != whole["estimator.npy"]
    assert refused({**whole, "estimator.npy": damaged}).startswith("m.audioclf: can't be loaded: estimator.npy: array ")


@pytest.mark.parametrize("number", [0, 2, 3, 5, 6])  # mean, scale, classes, coefficients, intercept
@pytest.mark.parametrize(
    "damage",
    [lambda array: array[:-1], lambda array: np.full(array.shape, "x"), lambda array: array[None, None]],
    ids=["short", "text", "another shape"],
)
def test_arrays_of_another_shape_or_type(number, damage, whole, refused):
    read = arrays(whole["estimator.npy"])
    read[number] = damage(read[number])
    refused({**whole, "estimator.npy": written(read)})


def test_members(whole, refused):
    for name in whole:
        text = refused({other: content for other, content in whole.items() if other != name})
        wanted = "not a model file" if name == "model.json" else "not a whole model file of audioclf, for it holds no"
        assert text.startswith(f"m.audioclf: {wanted}")
    archive = zipped(whole)
    for share in (0.1, 0.5, 0.9, 0.999):
        assert refused(archive[: int(share * len(archive))]).startswith("m.audioclf: not a model file")
    place = archive.index(whole["estimator.npy"][:100]) + 200
    broken = archive[:place] + bytes([archive[place] ^ 1]) + archive[place + 1 :]
    assert refused(broken).startswith("m.audioclf: estimator.npy: can't be unpacked, the file is damaged (Bad CRC-32")


@pytest.mark.parametrize(
    ("field", "value", "code", "words"),
    [
        ("labels", "hum", 1, "m.audioclf: model.json: $.labels: expected a list, got text"),
        ("classifier", "deepthought", 2, "m.audioclf: model.json: $.classifier: unknown classifier 'deepthought'"),
    ],
)
def test_on_the_command_line(field, value, code, words, whole, tiny, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "m.audioclf").write_bytes(zipped({**whole, "model.json": changed(whole["model.json"], field, value)}))
    with pytest.raises(SystemExit) as done:
        main(["predict", "m.audioclf", str(tiny / "hum" / "0.wav")])
    assert done.value.code == code
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith(f"error: {words}")
    assert said.err.count("\n") == 1


def test_a_model_of_another_scikit_learn(whole, tiny, tmp_path):
    """Both versions are named: by one warning if it can be loaded, by the error if it can't."""
    import sklearn

    model = changed(whole["model.json"], "versions.scikit-learn", "1.4.2")
    other = whole["estimator.json"].replace(sklearn.__version__.encode(), b"1.4.2")
    path = tmp_path / "m.audioclf"
    path.write_bytes(zipped({**whole, "model.json": model, "estimator.json": other}))
    said = f"it was trained with scikit-learn 1.4.2, and {sklearn.__version__} is installed here"
    with pytest.warns(UserWarning, match="1.4.2") as caught:
        loaded = load_model(path)
    assert [str(warning.message) for warning in caught] == [f"{path}: {said}; its answers may differ"]
    assert list(loaded.predict([tiny / "hum" / "0.wav"])) == ["hum"]
    path.write_bytes(zipped({**whole, "model.json": model, "estimator.json": changed(other, "estimator.state", 1)}))
    with pytest.raises(ModelError, match=said):
        load_model(path)
