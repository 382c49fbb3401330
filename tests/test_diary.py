"""What fits say of themselves reaches whoever listens, from any process."""

from __future__ import annotations

import subprocess
import sys

from audioclf import progress


def test_what_is_told_is_heard_with_its_title(tmp_path):
    heard = []
    page = tmp_path / "epochs"
    with progress.followed(page, lambda *words: heard.append(words)):
        with progress.opened(page, "logmel with cnn, fold 1 of 5"):
            progress.tell(1, 3, "loss 0.5")
            with progress.opened(None, ""):
                progress.tell(2, 3, "nobody listens")
            progress.tell(3, 3, "loss 0.1\nübermäßig")
        progress.tell(4, 4, "nobody listens")
    assert heard == [
        (1, 3, "logmel with cnn, fold 1 of 5: loss 0.5"),
        (3, 3, "logmel with cnn, fold 1 of 5: loss 0.1\nübermäßig"),
    ]


def test_other_processes_are_heard(tmp_path):
    heard = []
    page = tmp_path / "epochs"
    code = (
        "import sys, pathlib; from audioclf import progress as diary\n"
        "with diary.opened(pathlib.Path(sys.argv[1]), sys.argv[2]):\n"
        "    [diary.tell(i, 200, 'x' * 300) for i in range(200)]"
    )
    with progress.followed(page, lambda *words: heard.append(words)):
        others = [subprocess.Popen([sys.executable, "-c", code, page, name]) for name in "ab"]
        assert [other.wait() for other in others] == [0, 0]
    for name in "ab":
        mine = [(done, total) for done, total, note in heard if note == f"{name}: {'x' * 300}"]
        assert mine == [(i, 200) for i in range(200)]
    assert len(heard) == 400


def test_a_diary_that_cannot_be_written_stops_nothing(tmp_path):
    with progress.opened(tmp_path / "missing" / "epochs", "fit"):
        progress.tell(1, 1, "loss 0.5")
