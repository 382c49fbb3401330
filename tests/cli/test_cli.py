"""What the program prints where, what it writes, and how it exits."""

from __future__ import annotations

import csv
import io
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from audioclf import plugins


@pytest.fixture(scope="module")
def trained(tiny, tmp_path_factory, cache):
    """A run of ``train`` that several tests look at: its folder and what it printed."""
    folder = tmp_path_factory.mktemp("trained")
    words = [
        "train",
        "--features",
        "mfcc+zcr",
        "--clf",
        "svm",
        "--data",
        tiny / "clips.csv",
        "--cv",
        "4",
        "--out",
        "out dir",
    ]
    done = subprocess.run(
        [sys.executable, "-m", "audioclf", *map(str, words)], cwd=folder, capture_output=True, text=True, check=True
    )
    return folder / "out dir", done.stdout, done.stderr


def test_train_writes_and_names_its_files(trained):
    folder, stdout, stderr = trained
    assert (folder / "model.audioclf").exists()
    assert (folder / "results.json").exists()
    for line in ("report   out dir/report.html", "model    out dir/model.audioclf"):
        assert line in stdout.splitlines()
    assert "mfcc+zcr" in stdout
    assert "4 splits" in stdout
    assert "experiments: 8 to do" in stderr
    assert not list(folder.glob(".*"))


def test_the_command_is_in_the_record(trained):
    command = json.loads((trained[0] / "results.json").read_text())["command"]
    assert command.startswith("audioclf train --features mfcc+zcr --clf svm --data ")
    assert command.endswith("--out 'out dir'")


def test_predict_in_three_formats(trained, tiny, run):
    model = trained[0] / "model.audioclf"
    files = [tiny / "hum" / "0.wav", tiny / "hiss" / "1.wav"]
    stdout, _ = run("predict", model, *files, "--format", "csv")
    rows = list(csv.reader(io.StringIO(stdout)))
    assert rows[0] == ["path", "label", "hiss", "hum", "sweep"]
    assert [row[:2] for row in rows[1:]] == [[str(files[0]), "hum"], [str(files[1]), "hiss"]]
    assert all(abs(sum(map(float, row[2:])) - 1) < 1e-5 for row in rows[1:])
    stdout, _ = run("predict", model, *files, "--format", "json")
    assert [row["label"] for row in json.loads(stdout)] == ["hum", "hiss"]
    stdout, _ = run("predict", model, *files)
    assert [line.split()[1] for line in stdout.splitlines()[2:]] == ["hum", "hiss"]


def test_predict_takes_folders_and_keeps_going_past_a_bad_file(trained, tiny, run, tmp_path):
    (tmp_path / "bad.wav").write_text("no audio")
    stdout, stderr = run(
        "predict", trained[0] / "model.audioclf", tiny, "bad.wav", "none.wav", "--format", "csv", code=1
    )
    assert len(stdout.splitlines()) == 25
    errors = [line for line in stderr.splitlines() if line.startswith("error:")]
    assert len(errors) == 2
    assert "bad.wav: not audio that can be read" in errors[0]
    assert "none.wav: no such file" in errors[1]


def test_report_again(trained, run, tmp_path):
    stdout, _ = run("report", trained[0], "--report", "markdown", "--out", tmp_path / "again")
    assert (tmp_path / "again" / "report.md").read_text() == (trained[0] / "report.md").read_text()
    assert "report.md" in stdout


def test_compare_and_a_new_folder_each_time(run, tiny, tmp_path):
    words = [
        "compare",
        "--data",
        tiny,
        "--features",
        "centroid,zcr",
        "--clf",
        "knn",
        "--cv",
        "2",
        "--report",
        "markdown",
        "-q",
    ]
    stdout, stderr = run(*words)
    assert f"runs/{tiny.name}-compare/results.json" in stdout
    assert stderr.startswith("warning: no groups are known")
    stdout, _ = run(*words)
    assert f"runs/{tiny.name}-compare-2/results.json" in stdout
    first, second = (
        json.loads((tmp_path / "runs" / f"{tiny.name}-compare{n}" / "results.json").read_text()) for n in ("", "-2")
    )
    assert [e.get("confusion_matrix") for e in first["experiments"]] == [
        e.get("confusion_matrix") for e in second["experiments"]
    ]


@pytest.mark.parametrize("suffix", [".csv", ".npz", ".parquet", ".arff", ".json"])
def test_extract(run, tiny, tmp_path, suffix):
    if suffix == ".parquet":
        pytest.importorskip("pyarrow")
    out = tmp_path / f"features{suffix}"
    stdout, _ = run("extract", "--data", tiny / "clips.csv", "--features", "mfcc:n_coeffs=2+centroid", "-o", out)
    assert f"features{suffix}: 24 rows, 15 features, analysed at 8000 Hz" in stdout
    paths, labels, groups, values = READERS[suffix](out)
    assert sorted(set(labels)) == ["hiss", "hum", "sweep"]
    assert list(paths) == [f"{label}/{i}.wav" for label in ("hiss", "hum", "sweep") for i in range(8)]
    assert groups[0] == "hiss0"
    import audioclf

    features = audioclf.FeatureSet("mfcc:n_coeffs=2+centroid")
    expected = features.fit_transform(audioclf.load_dataset(tiny / "clips.csv").clips)
    np.testing.assert_allclose(np.array(values, dtype=np.float32), expected, rtol=1e-6)


def _rows(path):
    with open(path, newline="") as file:
        return list(csv.DictReader(file))


def _read_csv(path):
    rows = _rows(path)
    names = [name for name in rows[0] if name not in ("path", "label", "group")]
    assert names[0] == "mfcc_0_mean"
    assert names[-1] == "centroid_median"
    return [*([r[c] for r in rows] for c in ("path", "label", "group")), [[float(r[n]) for n in names] for r in rows]]


def _read_npz(path):
    table = np.load(path)
    assert table["names"][0] == "mfcc_0_mean"
    return table["path"], table["label"], table["group"], table["features"]


def _read_parquet(path):
    from pyarrow import parquet

    table = parquet.read_table(path).to_pydict()
    about = [table.pop(c) for c in ("path", "label", "group")]
    return [*about, np.array(list(table.values())).T]


def _read_json(path):
    rows = json.loads(path.read_text())
    return [*([r[c] for r in rows] for c in ("path", "label", "group")), [list(r["features"].values()) for r in rows]]


def _read_arff(path):
    """By hand, for SciPy's reader knows no strings; the header is Weka's."""
    lines = path.read_text().splitlines()
    assert lines[0] == "@RELATION audioclf"
    assert "@ATTRIBUTE label {'hiss','hum','sweep'}" in lines
    rows = [[cell.strip("'") for cell in row] for row in csv.reader(lines[lines.index("@DATA") + 1 :], quotechar="'")]
    return [
        [r[0] for r in rows],
        [r[-1] for r in rows],
        [r[1] for r in rows],
        [[float(v) for v in r[2:-1]] for r in rows],
    ]


READERS = {".csv": _read_csv, ".npz": _read_npz, ".parquet": _read_parquet, ".json": _read_json, ".arff": _read_arff}


def test_extract_frames(run, tiny, tmp_path):
    run("extract", "--data", tiny, "--features", "zcr:deltas=1", "--frames", "-o", tmp_path / "f.csv")
    rows = _rows(tmp_path / "f.csv")
    assert list(rows[0]) == ["path", "label", "group", "time", "zcr", "zcr_delta"]
    assert len(rows) == 24 * 28  # 1 + (2400 - 200) // 80 frames a clip
    assert [float(row["time"]) for row in rows[:3]] == [0.0, 0.01, 0.02]


@pytest.mark.parametrize("kind", list(plugins.GROUPS))
def test_list(run, kind):
    stdout, stderr = run("list", kind)
    for name in plugins.names(kind):
        assert any(line.startswith(name) for line in stdout.splitlines())
    assert stderr == ""
    assert all(line == line.rstrip() for line in stdout.splitlines())


def test_list_one(run):
    stdout, _ = run("list", "features", "mfcc")
    assert "Davis & Mermelstein 1980" in stdout
    assert any(line.split()[:3] == ["n_coeffs", "int", "13"] for line in stdout.splitlines())


def test_list_one_says_what_is_searched(run):
    stdout, _ = run("list", "classifiers", "knn")
    lines = stdout.splitlines()
    assert any(line.endswith("--tune tries") for line in lines)
    [k] = [line for line in lines if line.startswith("k  ")]
    assert {"1", "5"} <= set(k.rpartition("   ")[2].split(", "))


def test_explore(run, tiny, tmp_path):
    stdout, _ = run("explore", "--data", tiny / "clips.csv", "--out", "found", "-q")
    assert "24 clips in 12 groups (hiss 8, hum 8, sweep 8)" in stdout
    record = json.loads((tmp_path / "found" / "results.json").read_text())
    assert record["kind"] == "explore"
    for finding in record["audit"]["findings"]:
        assert f"{finding['severity']}: {finding['sentence']}" in stdout
    assert {"report.html", "report.md", "results.json"} <= {path.name for path in (tmp_path / "found").iterdir()}
    assert f"report   {'found/report.html'}" in stdout
    stdout, _ = run("report", "found", "--report", "markdown", "--out", "again")
    assert (tmp_path / "again" / "report.md").read_text() == (tmp_path / "found" / "report.md").read_text()


def test_plot(run, tiny, tmp_path):
    stdout, _ = run("plot", tiny / "hum" / "0.wav", tiny / "hiss" / "0.wav", "--out", "pictures")
    pictures = [tmp_path / line for line in stdout.splitlines()]
    assert len(set(pictures)) == 2
    assert all(path.read_bytes().startswith(b"\x89PNG") for path in pictures)
    stdout, stderr = run("plot", tiny / "clips.csv", tiny / "hum" / "1.wav", code=1)
    assert "clips.csv" in stderr
    assert len(stdout.splitlines()) == 1


def test_a_comparison_that_is_tuned_and_questioned(run, tiny, tmp_path):
    (tmp_path / "grid.json").write_text('{"knn": {"k": [1, 3]}}')
    rows = [f"{tiny}/{label}/7.wav,{label}" for label in ("hiss", "hum", "sweep")]
    (tmp_path / "apart.csv").write_text("\n".join(["path,label", *rows]))
    words = ["--data", tiny, "--features", "centroid,zcr", "--clf", "knn", "--cv", "2", "--report", "markdown", "-q"]
    words += ["--grid", "grid.json", "--group-by", "/([0-9])", "--naive-split-too", "--learning-curve"]
    stdout, stderr = run("compare", *words, "--test", "apart.csv", "--clips", "0.15", "--out", "out")
    record = json.loads((tmp_path / "out" / "results.json").read_text())
    assert record["cv"]["tuned"] is True
    assert record["dataset"]["n_clips"] == 48
    assert record["dataset"]["n_groups"] == 8
    head = next(line for line in stdout.splitlines() if "against the best" in line)
    assert "not nested (optimistic)" in head
    assert "groups ignored (data leakage)" in head
    assert "held-out test set: 6 clips of apart.csv, answered once by " in stdout
    assert "6 of the test clips come from recordings that are among those to learn from" in stderr
    assert record["learning_curve"]["points"]
    stdout, _ = run("report", "out", "--report", "latex,csv", "--out", "tables")
    assert {path.name for path in (tmp_path / "tables").iterdir()} == {"ranking.tex", "ranking.csv"}


def test_over_several_data_sets(run, tiny, tmp_path):
    words = ["--features", "centroid,zcr", "--clf", "knn", "--cv", "2", "--report", "csv", "-q"]
    run("compare", "--data", tiny, *words, "--out", "one")
    run("compare", "--data", tiny, *words, "--clips", "0.15", "--out", "two")
    stdout, _ = run("report", "one", "two", "--report", "markdown,csv", "--out", "both")
    assert stdout.splitlines()[0].split() == ["experiment", "mean", "rank", tiny.name, tiny.name, "(2)"]
    assert "critical difference of mean ranks" in stdout
    assert {path.name for path in (tmp_path / "both").iterdir()} == {"across.md", "across.csv", "figures"}
    _, stderr = run("report", "one", "one", code=1)
    assert "of the same clips" in stderr


def test_datasets_info(run):
    stdout, _ = run("datasets", "info", "fsdd")
    assert "CC BY-SA 4.0" in stdout
    assert "10: 0, 1, 2" in stdout


def test_help_is_quick_and_names_everything(run):
    stdout, _ = run("--help")
    for command in ("train", "compare", "predict", "extract", "report", "list", "datasets", "explore", "plot"):
        assert command in stdout
    assert run("--version")[0].startswith("audioclf, version ")


def test_the_command_that_is_installed():
    """By the entry point, in an interpreter of its own."""
    command = Path(sys.executable).with_name("audioclf")
    done = subprocess.run([command, "--version"], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("audioclf, version ")
    assert done.stderr == ""


class TestMistakes:
    """Each gives one line that says what to do, the right exit code, and no traceback."""

    @pytest.mark.parametrize(
        ("words", "message"),
        [
            (["train", "--features", "mfc"], "unknown feature 'mfc'. Did you mean 'mfcc'?"),
            (["train", "--features", "mfcc:n_coefs=3"], "mfcc has no parameter 'n_coefs'. Did you mean 'n_coeffs'?"),
            (["train", "--features", "mfcc:n_coeffs=x"], "'x' isn't a value of type int"),
            (["train", "--clf", "smv"], "unknown classifier 'smv'. Did you mean 'svm'?"),
            (["train", "--clips", "0"], "--clips 0: pieces must be longer than 0 s"),
            (["train", "--group-by", "(x"], "--group-by '(x' is no regular expression"),
            (["train", "--grid", "none.json"], "none.json"),
            (["train", "--metric", "acuracy"], "'acuracy'"),
            (["train", "--clf", "svm,rf"], "'audioclf compare' takes several"),
            (["train", "--data", "dmo"], "Did you mean 'demo'?"),
            (["train", "--report", "htm"], "Did you mean 'html'?"),
            (["train", "--functionals", "meen"], "Did you mean 'mean'?"),
            (["train", "--cv", "fold"], "Did you mean 'folds'?"),
            (["train", "--cv", "1"], "at least 2 folds"),
            (["train", "--frame-length", "0"], "the frame length is 0 s"),
            (["train", "--sample-rate", "10"], "shorter than two samples at 10 Hz"),
            (["compare", "--augment", "nois"], "Did you mean 'noise'?"),
            (["explore", "--group-by", "(x"], "--group-by '(x' is no regular expression"),
            (["explore", "--window", "hamm"], "unknown window 'hamm'; known: hamming"),
            (["extract", "-o", "x.csv", "--features", "mfcc,zcr"], "join extractors with '+'"),
            (["extract", "-o", "x.csv", "--functionals", "meen"], "Did you mean 'mean'?"),
            (["train", "--featurs", "x"], "No such option"),
            (["trian"], "No such command 'trian'"),
            (["extract"], "Missing option '--output'"),
            (["extract", "-o", "x.xls"], "unknown format '.xls'; known: .csv"),
            (["list", "feature"], "is not one of"),
            (["list", "features", "mfc"], "Did you mean 'mfcc'?"),
            (["datasets", "info", "esc51"], "Did you mean 'esc50'?"),
        ],
    )
    def test_on_the_command_line_exit_with_2(self, run, words, message):
        """Before the data is looked at: there is none."""
        if words[0] in ("train", "compare", "explore", "extract") and "--data" not in words:
            words = [*words, "--data", "nowhere"]
        stdout, stderr = run(*words, code=2)
        assert stdout == ""
        assert stderr.startswith("error: ")
        assert message in stderr.splitlines()[0]

    def fails(self, run, message, *words):
        """Exit 1 with one ``error:`` line as the last."""
        _, stderr = run(*words, code=1)
        errors = [line for line in stderr.splitlines() if line.startswith("error:")]
        assert len(errors) == 1
        assert message in errors[0]

    def test_no_such_folder(self, run):
        self.fails(run, "no such file or folder", "train", "--data", "recordings/")

    def test_empty_folder(self, run, tmp_path):
        (tmp_path / "empty").mkdir()
        self.fails(run, "one folder per class", "train", "--data", "empty")

    def test_class_with_fewer_clips_than_folds(self, run, tiny):
        self.fails(
            run, "class 'hiss' has 8 clips, fewer than the 9 folds; use --cv 8", "train", "--data", tiny, "--cv", "9"
        )

    def test_missing_column(self, run, tmp_path):
        (tmp_path / "m.csv").write_text("file,label\na.wav,x\n")
        self.fails(run, "no column 'path' (found: file, label)", "train", "--data", "m.csv")

    def test_all_recordings_unreadable(self, run, tmp_path):
        for label in ("a", "b"):
            (tmp_path / "data" / label).mkdir(parents=True)
            (tmp_path / "data" / label / "x.wav").write_text("text")
        self.fails(run, "none of the 2 recordings", "train", "--data", "data")

    def test_some_recordings_unreadable(self, run, tiny, tmp_path):
        import shutil

        data = shutil.copytree(tiny, tmp_path / "data")
        (data / "hum" / "text.wav").write_text("this is text")
        (data / "hum" / "zero.wav").write_bytes(b"")
        _, stderr = run("train", "--data", "data", "--features", "zcr", "--clf", "knn", "--cv", "2")
        warnings = [line for line in stderr.splitlines() if line.startswith("warning: left out:")]
        assert len(warnings) == 2
        assert "text.wav: not audio that can be read" in warnings[0]
        assert "zero.wav: the file is empty (0 bytes)" in warnings[1]

    def test_output_that_cannot_be_written(self, run, tiny, tmp_path):
        (tmp_path / "file").write_text("in the way")
        self.fails(run, "can't make the folder file/run", "train", "--data", tiny, "--out", "file/run")

    @pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root may write anywhere")
    def test_output_folder_without_permission(self, run, tiny, tmp_path):
        (tmp_path / "locked").mkdir(mode=0o500)
        self.fails(run, "choose another with --out", "train", "--data", tiny, "--out", "locked")

    def test_no_model(self, run, tmp_path):
        (tmp_path / "m.audioclf").write_text("no model")
        self.fails(run, "not a model file of audioclf", "predict", "m.audioclf", "x.wav")
        self.fails(run, "no such model file", "predict", "none.audioclf", "x.wav")

    def test_no_run(self, run):
        self.fails(run, "no results.json there", "report", "nowhere")

    def test_nothing_to_predict(self, run, trained, tmp_path):
        (tmp_path / "empty").mkdir()
        self.fails(run, "no recordings in empty", "predict", trained[0] / "model.audioclf", "empty")

    def test_debug_shows_the_traceback(self, tmp_path):
        words = [sys.executable, "-m", "audioclf", "--debug", "report", "nowhere"]
        done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True)
        assert done.returncode == 1
        assert "Traceback" in done.stderr


def test_output_into_a_closed_pipe():
    """As in ``audioclf list features | head -1``."""
    done = subprocess.run(
        f"{sys.executable} -m audioclf list features | head -1", shell=True, capture_output=True, text=True
    )
    assert done.stdout.startswith("name")
    assert done.stderr == ""


@pytest.mark.skipif(os.name == "nt", reason="interrupts are sent otherwise there")
def test_interrupted(tiny, tmp_path):
    """By Ctrl-C in the midst of a run: one line, the exit code of an interrupt, and no half-written run."""
    words = ["compare", "--data", tiny, "--features", "mfcc", "--clf", "hmm:iterations=100000:states=20", "--cv", "8"]
    command = [sys.executable, "-m", "audioclf", *map(str, words), "--jobs", "1", "--out", "out"]
    with subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        said = []
        for line in process.stderr:
            said.append(line)
            if line.startswith("experiments: "):
                process.send_signal(signal.SIGINT)
        assert process.wait(60) == 130
    assert said[-1] == "interrupted; the same command goes on where it stopped\n"
    assert not any("Traceback" in line for line in said)
    assert not (tmp_path / "out" / "results.json").exists()
