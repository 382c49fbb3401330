"""What fits say of themselves reaches whoever listens, from any process."""

from __future__ import annotations

import subprocess
import sys

from audioclf.progress import listening_to, tell, telling_into


def test_what_is_told_is_heard_with_the_name_of_its_fit(tmp_path):
    heard = []
    file = tmp_path / "epochs"
    with listening_to(file, lambda *words: heard.append(words)):
        with telling_into(file, "logmel with cnn, fold 1 of 5"):
            tell(1, 3, "loss 0.5")
            with telling_into(None, ""):
                tell(2, 3, "nobody listens")
            tell(3, 3, "loss 0.1\nübermäßig")
        tell(4, 4, "nobody listens")
    assert heard == [
        (1, 3, "logmel with cnn, fold 1 of 5: loss 0.5"),
        (3, 3, "logmel with cnn, fold 1 of 5: loss 0.1\nübermäßig"),
    ]


def test_other_processes_are_heard(tmp_path):
    heard = []
    file = tmp_path / "epochs"
    code = (
        "import sys, pathlib; from audioclf.progress import tell, telling_into\n"
        "with telling_into(pathlib.Path(sys.argv[1]), sys.argv[2]):\n"
        "    [tell(i, 200, 'x' * 300) for i in range(200)]"
    )
    with listening_to(file, lambda *words: heard.append(words)):
        others = [subprocess.Popen([sys.executable, "-c", code, file, name]) for name in "ab"]
        assert [other.wait() for other in others] == [0, 0]
    for name in "ab":
        mine = [(done, total) for done, total, note in heard if note == f"{name}: {'x' * 300}"]
        assert mine == [(i, 200) for i in range(200)]
    assert len(heard) == 400


def test_where_nothing_can_be_written_a_fit_goes_on_and_is_heard_once_it_can(tmp_path):
    heard = []
    file = tmp_path / "missing" / "epochs"
    with listening_to(file, lambda *words: heard.append(words)), telling_into(file, "fit"):
        tell(1, 2, "lost")
        assert not file.parent.exists()
        file.parent.mkdir()
        tell(2, 2, "loss 0.5")
    assert heard == [(2, 2, "fit: loss 0.5")]
