"""Record what audioclf computes and says, before and after a change of the code, and compare the two to the last digit.

``python benchmarks/identity.py record --audioclf .venv/bin/audioclf --out DIR``
    runs every command of `RUNS` and keeps results, tables, pictures and what was printed.
``python benchmarks/identity.py compare BEFORE AFTER``
    names every difference; the exit status is 1 if a number, a name, a label or an exit status differs.
``python benchmarks/identity.py startup EXECUTABLE [EXECUTABLE] --record DIR``
    times how long short commands take, the executables in turn.

All paths in the commands are relative, so that two records differ by no folder's name. Features are computed anew in
every run; the kernels and the demo's clips are made once, before the first run.
"""

from __future__ import annotations

import argparse
import csv
import difflib
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import Any

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"

BIRDS = "../data/speech_music_birds/clips.csv"
NINE = "mfcc,gfcc,bfcc,lpcc,pncc,lfcc,logmel,chroma,spectral"
ALL_BUT_SPECTRAL = (
    "bfcc+centroid+chroma+energy+energy_entropy+entropy+flatness+flux+gfcc+lfcc+logmel+lpcc+mfcc+pncc"
    "+rolloff+spread+zcr"
)
REPORTS = "html,markdown,latex,csv,png"
MODEL, NETWORK = "../model/run/model.audioclf", "../network/run/model.audioclf"
COMMANDS = ["compare", "datasets", "explore", "extract", "list", "plot", "predict", "report", "store", "train"]
COMMANDS += ["datasets fetch", "datasets info", "store info", "store prune"]
MISTAKES = [
    "compare --data nowhere.csv --out run",
    "compare --data ../empty --out run",
    "compare --data ../broken --out run",
    "compare --data ../one_class.csv --out run",
    "compare --data dem",
    "compare --features mfc",
    "compare --features mfcc:n_coefs=3",
    "compare --features mfcc:n_coeffs=many",
    "compare --features mfcc:n_coeffs=0",
    "compare --features spectral+zcr",
    "compare --clf svn",
    "compare --clf svm:c=3",
    "compare --clf svm:C=much",
    "compare --metric acuracy",
    "compare --cv some",
    "compare --cv 1",
    "compare --augment nois",
    "compare --report htm",
    "compare --functionals mena",
    "compare --window hammin",
    "compare --jobs 0",
    "compare --grid nowhere.json",
    "compare --test ../empty --out run",
    "comapre",
    "train --features mfcc,gfcc",
    "train --data ../broken --out run",
    "explore --data ../empty --out run",
    "explore --data ../broken --out run",
    "extract --data ../few.csv --output table.xyz",
    "extract --data nowhere --output table.csv",
    "extract",
    "predict nowhere.audioclf ../few",
    "predict ../few.csv ../few",
    f"predict {MODEL} nowhere.wav",
    f"predict {MODEL} ../empty",
    f"predict {MODEL} ../broken/speech/text.wav ../few/music-0.flac",
    "report nowhere",
    "report ../few.csv",
    "plot ../broken/speech/text.wav",
    "plot nowhere.wav",
    "list feature",
    "list features mfc",
    "list classifiers svn",
    "datasets info esc",
    "store prune",
]


def _short(columns: str) -> dict[str, str]:
    """The same two experiments on three data sets, to be compared across them."""
    sets = {"demo": "demo", "birds": BIRDS, "digits": "../digits.csv"}
    return {name: f"compare --data {data} {columns} --out run-{name}" for name, data in sets.items()}


# Name of the run: name of the step: what follows 'audioclf'. A step runs in the folder of its run.
RUNS: dict[str, dict[str, str]] = {
    "demo": {"compare": "compare --data demo --features mfcc,gfcc,spectral,mfcc+gfcc --clf svm,rf,knn,hmm --out run"},
    "birds": {"compare": f"compare --data {BIRDS} --features {NINE} --clf svm,rf,knn,hmm --out run"},
    "instruments": {
        "compare": "compare --data ../data/instruments --features mfcc:deltas=2+spectral --clf svm,rf,extra_trees,knn"
        " --cv 5 --out run"
    },
    "tuned": {
        "compare": "compare --data ../most.csv --test ../rest.csv --features mfcc --clf svm,knn --tune --repeats 2"
        " --naive-split-too --learning-curve --out run"
    },
    "tags": {"compare": "compare --data ../tags.csv --out run"},
    "augmented": {
        "compare": "compare --data demo --features mfcc --clf svm,knn --augment noise,shift --augment-compare"
        " --out run",
        "others": "compare --data ../few.csv --cv 3 --features mfcc --clf knn --augment pitch,stretch,gain,reverb"
        " --augment-factor 2 --out run-others",
    },
    "pieces": {
        "compare": f"compare --data {BIRDS} --clips 1.0 --naive-split-too --features mfcc --clf svm,knn --out run"
    },
    "explore": {
        "birds": f"explore --data {BIRDS} --out run",
        "instruments": "explore --data ../data/instruments --group-by auto --out run-instruments",
    },
    "tables": {
        "vectors": f"extract --data {BIRDS} --features {ALL_BUT_SPECTRAL} --output vectors.npz",
        "spectral": f"extract --data {BIRDS} --features spectral:deltas=2 --output spectral.npz"
        " --functionals mean,std,skewness,kurtosis,min,max,median,p5,p95",
        "frames": f"extract --data {BIRDS} --features {ALL_BUT_SPECTRAL} --frames --output frames.npz",
        "frames-spectral": f"extract --data {BIRDS} --features spectral:deltas=2 --frames --output frames-spectral.npz",
        "csv": "extract --data ../few.csv --features mfcc+spectral --output few.csv",
        "json": "extract --data ../few.csv --features mfcc+spectral --output few.json",
        "arff": "extract --data ../few.csv --features mfcc+spectral --output few.arff",
    },
    "model": {
        "train": "train --data demo --features mfcc+gfcc --clf svm --out run",
        **{
            form: f"predict run/model.audioclf ../few/speech-0.flac ../few/music-0.flac ../few --format {form}"
            for form in ("table", "csv", "json")
        },
    },
    "network": {
        "train": "train --data ../few.csv --cv 3 --features logmel --device cpu"
        " --clf cnn:epochs=3:crop=16:width=4:blocks=2 --out run",
        **{form: f"predict run/model.audioclf ../few --format {form}" for form in ("table", "csv", "json")},
    },
    "short": _short("--features mfcc,spectral --clf svm,knn"),
    "report": {
        **{name: f"report ../inputs/{name} --report {REPORTS} --out {name}" for name in ("tuned", "birds", "tags")},
        "explored": f"report ../inputs/explore --report {REPORTS} --out explored",
        "across": f"report ../inputs/short-demo ../inputs/short-birds ../inputs/short-digits --report {REPORTS}"
        " --out across",
    },
    "plot": {
        "pictures": "plot ../few/birds-0.flac ../few/speech-1.flac --out pictures",
        "copies": "plot ../few/music-0.flac --augment noise,pitch,shift --out copies",
    },
    "list": {
        **{kind: f"list {kind}" for kind in ("features", "classifiers", "datasets", "reports")},
        **{f"features-{name}": f"list features {name}" for name in ("mfcc", "spectral", "pncc")},
        **{f"classifiers-{name}": f"list classifiers {name}" for name in ("svm", "hmm", "cnn")},
        "datasets-esc50": "datasets info esc50",
    },
    "help": {"audioclf": "--help", **{name.replace(" ", "-"): f"{name} --help" for name in COMMANDS}},
    "mistakes": {f"{number:02}": command for number, command in enumerate(MISTAKES, 1)},
}

# What a run's report is written from: the folder in inputs/, and where the record has it.
INPUTS = {name: f"{name}/run" for name in ("tuned", "birds", "tags", "explore")}
INPUTS |= {f"short-{name}": f"short/run-{name}" for name in ("demo", "birds", "digits")}

# Labels of the instruments' clips, for a set whose clips have several.
TAGS = {
    "Acoustic_guitar": "strings;plucked",
    "Bass_drum": "drums;low",
    "Cello": "strings;bowed;low",
    "Clarinet": "wind",
    "Double_bass": "strings;bowed;low",
    "Flute": "wind",
    "Hi_hat": "drums",
    "Saxophone": "wind",
    "Snare_drum": "drums",
    "Violin_or_fiddle": "strings;bowed",
}

WITH_JOBS = {"compare", "explore", "extract", "train"}


def record(audioclf: Path, out: Path, data: Path, only: Sequence[str], reports_of: Path | None) -> int:
    """Run the commands and keep in *out* what they write, print and return; the exit status is 0.

    Reports are written from the results in *reports_of*, so that they differ by no timing; without, from this record's.
    """
    audioclf, out, data = audioclf.absolute(), out.resolve(), data.resolve()
    prepare(out, data)
    environment = {**os.environ, "AUDIOCLF_CACHE": str(out / "cache"), "COLUMNS": "120", "NO_COLOR": "1"}

    def run(words: str, folder: Path) -> subprocess.CompletedProcess[str]:
        command = [str(audioclf), *command_line(words)[1:]]
        return subprocess.run(
            command, cwd=folder, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True
        )

    for words in (f"extract --data demo --features {ALL_BUT_SPECTRAL}", "explore --data demo --report csv"):
        run(f"{words} --output cache/warm.npz" if "extract" in words else f"{words} --out cache/warm", out)
    for name in only or RUNS:
        folder, began = out / name, time.perf_counter()
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        for file in (out / "cache").glob("features.sqlite*"):
            file.unlink()
        if name == "report":
            gather(reports_of or out, out / "inputs")
        for step, words in RUNS[name].items():
            start = time.perf_counter()
            done = run(words, folder)
            facts = {"command": command_line(words), "status": done.returncode, "seconds": time.perf_counter() - start}
            (folder / f"{step}.stdout").write_text(done.stdout)
            (folder / f"{step}.stderr").write_text(done.stderr)
            (folder / f"{step}.step.json").write_text(json.dumps(facts, indent=1) + "\n")
            if done.returncode and name != "mistakes":
                print(f"{name} {step}: exit status {done.returncode}: {done.stderr.strip()[-200:]}", file=sys.stderr)
        print(f"{name:<12} {len(RUNS[name]):3} steps {time.perf_counter() - began:7.1f} s", flush=True)
    return 0


def command_line(words: str) -> list[str]:
    """The words of a command, with two processes where it takes any, whatever the machine's cores."""
    split = shlex.split(words)
    jobs = ["--jobs", "2"] if split[0] in WITH_JOBS and not {"--help", "--jobs"} & set(split) else []
    return ["audioclf", *split, *jobs]


def prepare(out: Path, data: Path) -> None:
    """Write the manifests and small folders that the commands name, the same in every record."""
    out.mkdir(parents=True, exist_ok=True)
    places = {"out": str(out), "data": str(data)}
    (out / "places.json").write_text(json.dumps(places))
    (out / "data").unlink(missing_ok=True)
    (out / "data").symlink_to(data)
    clips = rows_of(data / "speech_music_birds" / "clips.csv")
    for clip in clips:
        clip["path"] = f"data/speech_music_birds/{clip['path']}"
    groups = sorted({(clip["label"], clip["group"]) for clip in clips})
    held = {pair for label in {label for label, _ in groups} for pair in [p for p in groups if p[0] == label][::4]}
    manifest(out / "most.csv", [clip for clip in clips if (clip["label"], clip["group"]) not in held])
    manifest(out / "rest.csv", [clip for clip in clips if (clip["label"], clip["group"]) in held])
    by_label = {label: [clip for clip in clips if clip["label"] == label] for label in ("birds", "music", "speech")}
    few = [clip for several in by_label.values() for clip in several[::6][:5]]
    manifest(out / "few.csv", few)
    manifest(out / "one_class.csv", by_label["music"][:6])
    tagged = []
    for name, tags in TAGS.items():
        files = sorted(path.name for path in (data / "instruments" / name).iterdir())[:10]
        tagged += [{"path": f"data/instruments/{name}/{file}", "label": tags} for file in files]
    manifest(out / "tags.csv", tagged)
    spoken = sorted(path.name for path in (data / "fsdd" / "recordings").glob("*.wav"))
    digits = []
    for number in "0123456789":
        for speaker in sorted({file.split("_")[1] for file in spoken}):
            files = [file for file in spoken if file.startswith(f"{number}_{speaker}_")][:3]
            digits += [{"path": f"data/fsdd/recordings/{f}", "label": number, "group": speaker} for f in files]
    manifest(out / "digits.csv", digits)
    for folder in ("empty", "few", "broken/speech", "broken/music", "cache", "inputs"):
        (out / folder).mkdir(parents=True, exist_ok=True)
    for label in by_label:
        for number, clip in enumerate([clip for clip in few if clip["label"] == label][:2]):
            shutil.copyfile(out / clip["path"], out / "few" / f"{label}-{number}{Path(clip['path']).suffix}")
    for label in ("speech", "music"):
        (out / "broken" / label / "text.wav").write_text("This is no recording.\n")


def rows_of(path: Path) -> list[dict[str, str]]:
    """The rows of a CSV file."""
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def manifest(path: Path, rows: Sequence[dict[str, str]]) -> None:
    """Write rows as a CSV manifest."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def gather(source: Path, target: Path) -> None:
    """Copy the results that reports are written from."""
    for name, run in INPUTS.items():
        (target / name).mkdir(parents=True, exist_ok=True)
        if (source / run / "results.json").is_file():
            shutil.copyfile(source / run / "results.json", target / name / "results.json")


# ------------------------------------------------------------------------------------------------------- comparing

FAILING = ("number", "gone", "file gone")
SHOWN = dict.fromkeys(FAILING, 50) | {"figures": 10}  # of one run; of other kinds three
KINDS = {
    "number": "numbers, names, labels and exit statuses that differ",
    "gone": "fields that are gone and held something",
    "file gone": "files that are gone",
    "words": "sentences that differ",
    "figures": "sentences that differ, and with them the figures in them",
    "new": "fields that are new",
    "empty": "new or gone fields that hold nothing",
    "file new": "files that are new",
    "picture": "pictures whose bytes differ",
    "size": "kilobytes of a model that differ",
}

NUMBER = re.compile(r"[-−+]?\d+(?:[.,]\d+)*(?:e[-+]?\d+)?")
UNSTABLE = {"created", "command", "platform"}
VERSIONS = {"audioclf", "versions"}
NOTICE = re.compile(r"^(compiling feature kernels|making the demo's synthetic clips)")
EPOCH = re.compile(r"^epoch \d+ of \d+: ")
TIMED = ("ms a clip", "kB")


@dataclass(frozen=True)
class Difference:
    """What differs between two records: its kind (a key of `KINDS`), where, and how it was and is."""

    kind: str
    where: str
    before: Any = None
    after: Any = None

    def __str__(self) -> str:
        return f"{self.kind}: {self.where}" + self.told()

    def told(self) -> str:
        """How it was and is; of long texts the part that differs."""
        if self.kind.startswith("file"):
            return ""
        old, new = (value if isinstance(value, str) else json.dumps(value) for value in (self.before, self.after))
        same = next((n for n, (a, b) in enumerate(zip(old, new)) if a != b), min(len(old), len(new)))
        start = max(0, same - 40) if max(len(old), len(new)) > 200 else 0
        parts = [("…" if start else "") + text[start : start + 200] for text in (old, new)]
        return f"\n    - {parts[0]}\n    + {parts[1]}"


def differences(before: Any, after: Any, where: str = "$") -> Iterator[Difference]:
    """Every difference of two JSON values; what a machine's speed decides is left out.

    >>> [str(found) for found in differences({"a": [1.0], "b": None}, {"a": [1.0]})]
    ['empty: $.b\\n    - null\\n    + null']
    >>> [(found.kind, found.where) for found in differences({"a": [1.0, 0.1]}, {"a": [1.0, 0.1 + 2e-17]})]
    [('number', '$.a[1]')]
    """
    if isinstance(before, dict) and isinstance(after, dict):
        for key in [*before, *(key for key in after if key not in before)]:
            place = f"{where}.{key}"
            if key in UNSTABLE or (key.endswith(("_seconds", "_ms")) and key != "clip_seconds"):
                continue
            if key == "kilobytes" or key in VERSIONS:
                if before.get(key) != after.get(key):
                    yield Difference("size" if key == "kilobytes" else "words", place, before.get(key), after.get(key))
            elif key in before and key in after:
                yield from differences(before[key], after[key], place)
            else:
                yield _alone(before.get(key), after.get(key), place, key in after)
    elif isinstance(before, list) and isinstance(after, list):
        for number, (one, other) in enumerate(zip(before, after)):
            yield from differences(one, other, f"{where}[{number}]")
        for number, (one, other) in enumerate(zip_longest(before, after)):
            if number >= min(len(before), len(after)):
                yield _alone(one, other, f"{where}[{number}]", len(after) > len(before))
    elif repr(before) != repr(after):
        yield Difference(kind_of(before, after), where, before, after)


def _alone(before: Any, after: Any, where: str, new: bool) -> Difference:
    """The difference that a value of one side only is."""
    if (after if new else before) in (None, "", [], {}):
        return Difference("empty", where, before, after)
    return Difference("new" if new else "gone", where, before, after)


def kind_of(before: Any, after: Any) -> str:
    """What kind of difference two unequal values are: sentences may change, anything else is a number or a name.

    >>> kind_of("3 clips are silent", "three clips are silent"), kind_of("3 clips", "4 clips")
    ('figures', 'number')
    >>> kind_of("speech", "music"), kind_of(1, 1.0), kind_of("a clip", "one clip")
    ('number', 'number', 'words')
    """
    if not (isinstance(before, str) and isinstance(after, str)) or not (" " in before and " " in after):
        return "number"
    if NUMBER.sub("#", before) == NUMBER.sub("#", after):
        return "number"
    return "words" if NUMBER.findall(before) == NUMBER.findall(after) else "figures"


def text_differences(before: str, after: str, where: str) -> Iterator[Difference]:
    """Every line in which two texts differ; where only the figures of a line do, it is a number that differs.

    A reworded line counts as words while its figures still stand in the lines that took its place.

    >>> [(found.kind, found.before) for found in text_differences("a 1\\nb\\nc", "a 2\\nB\\nc", "x")]
    [('number', 'a 1'), ('words', 'b')]
    """
    old, new = before.splitlines(), after.splitlines()
    for tag, i, j, k, m in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag == "equal":
            continue
        others = {NUMBER.sub("#", line): line for line in reversed(new[k:m])}
        rest = [line for line in new[k:m] if NUMBER.sub("#", line) not in {NUMBER.sub("#", o) for o in old[i:j]}]
        for line in old[i:j]:
            other = others.get(NUMBER.sub("#", line))
            if other is None:
                other = rest.pop(0) if rest else ""
                kept = set(NUMBER.findall(line)) <= set(NUMBER.findall(" ".join(new[k:m])))
                yield Difference("words" if kept else "figures", where, line, other)
            elif line != other or line not in new[k:m]:
                yield Difference("number", where, line, other)
        yield from (Difference("words", where, "", line) for line in rest)


def steady(text: str) -> str:
    """What was printed, without what a machine's speed decides: timed columns, widths of tables, order of epochs.

    >>> table = "name   ms a clip   label\\n─────────\\nsvm    1.25        a\\n\\n1 ms"
    >>> steady(table)
    'name | label\\n─\\nsvm | a\\n\\n1 ms'
    """
    lines = [line for line in text.splitlines() if not NOTICE.match(line)]
    epochs = sorted(line for line in lines if EPOCH.match(line))  # of folds that are fitted side by side
    lines = [line for line in lines if not EPOCH.match(line)] + epochs
    bounds: list[tuple[int, int | None, str]] = []
    result = []
    for number, line in enumerate(lines):
        following = lines[number + 1] if number + 1 < len(lines) else ""
        if following.startswith("──"):
            heads = list(re.finditer(r"\S+(?: \S+)*", line))
            starts = [0, *(head.start() for head in heads[1:])]
            bounds = [(a, b, head[0]) for (a, b), head in zip(zip_longest(starts, starts[1:]), heads)]
            if heads and heads[0].start():  # the column before the first head has none
                bounds.insert(0, (0, heads[0].start(), ""))
                bounds[1] = (heads[0].start(), *bounds[1][1:])
        elif not line.strip():
            bounds = []
        if line.startswith("──"):
            line = "─"
        elif bounds:
            line = " | ".join(line[a:b].strip() for a, b, head in bounds if head not in TIMED)
        result.append(line)
    return "\n".join(result)


def table_differences(before: Path, after: Path, where: str) -> Iterator[Difference]:
    """Whether two NumPy archives hold the same arrays: names, types, shapes and every bit."""
    import numpy as np

    with np.load(before) as old, np.load(after) as new:
        for name in sorted({*old.files, *new.files}):
            if name not in old.files or name not in new.files:
                yield _alone(*(name if name in side.files else None for side in (old, new)), where, name in new.files)
                continue
            one, other = old[name], new[name]
            shapes = [f"{array.dtype} {array.shape}" for array in (one, other)]
            if shapes[0] != shapes[1]:
                yield Difference("number", f"{where}: {name}", *shapes)
            elif one.tobytes() != other.tobytes():
                odd = np.flatnonzero((one != other).ravel())
                first = [str(array.ravel()[odd[0]]) if len(odd) else "other bits" for array in (one, other)]
                yield Difference("number", f"{where}: {name}, {len(odd)} of {one.size} elements", *first)


def file_differences(before: Path, after: Path, name: str, where: str) -> Iterator[Difference]:
    """What differs between two files of the same name. Reports and pictures of a timed run are not looked into."""
    if name.endswith(".step.json"):
        one, other = (json.loads(path.read_text()) for path in (before, after))
        for key in ("command", "status"):
            if one[key] != other[key]:
                yield Difference("number", f"{where}: {key}", one[key], other[key])
    elif before.suffix == ".audioclf":
        if before.stat().st_size != after.stat().st_size:
            yield Difference("size", where, before.stat().st_size, after.stat().st_size)
    elif before.name == "results.json":
        one, other = (json.loads(nowhere(path.read_text(encoding="utf-8"), path)) for path in (before, after))
        yield from (Difference(d.kind, f"{where}: {d.where}", d.before, d.after) for d in differences(one, other))
    elif re.search(r"/run(-[a-z]+)?/", where):
        return
    elif before.suffix == ".npz":
        yield from table_differences(before, after, where)
    elif before.suffix in (".stdout", ".stderr"):
        texts = (steady(nowhere(path.read_text(), path)) for path in (before, after))
        yield from text_differences(*texts, where)
    elif before.read_bytes() == after.read_bytes():
        return
    elif before.suffix in (".csv", ".json", ".arff", ".md", ".tex", ".html"):
        texts = (path.read_text(encoding="utf-8").replace("><", ">\n<") for path in (before, after))
        yield from text_differences(*texts, where)
    else:
        yield Difference("number" if before.suffix == ".wav" else "picture", where, "bytes", "other bytes")


def nowhere(text: str, path: Path) -> str:
    """The text of a file of a record, with the names of the folders that the record was made in replaced."""
    found = [folder / "places.json" for folder in path.parents if (folder / "places.json").is_file()]
    places = json.loads(found[0].read_text()) if found else {}
    for name, place in places.items():
        text = text.replace(place, f"<{name}>")
    return text


def compare(before: Path, after: Path, full: bool = False) -> int:
    """Print what differs between two records and return the exit status."""
    names = [name for name in RUNS if (before / name).is_dir() or (after / name).is_dir()]
    total: Counter[str] = Counter()
    compared = 0
    for name in names:
        missing = [side for side in (before, after) if not (side / name).is_dir()]
        if missing:
            print(f"{name}: not recorded in {missing[0]}, so not compared")
            continue
        found = list(_run_differences(before, after, name))
        compared += 1
        total.update(difference.kind for difference in found)
        print(f"{name}: {_counts(Counter(d.kind for d in found)) or 'the same'}")
        for kind in KINDS:
            several = [difference for difference in found if difference.kind == kind]
            most = len(several) if full else SHOWN.get(kind, 3)
            for difference in several[:most]:
                print(f"  {difference}")
            if len(several) > most:
                print(f"  {kind}: {len(several) - most} more (--words shows all)")
    print()
    for kind, what in KINDS.items():
        print(f"{total[kind]:6}  {what}")
    failed = not compared or any(total[kind] for kind in FAILING)
    verdict = "NUMBERS DIFFER" if failed else "no number differs"
    print(f"\n{compared} of {len(RUNS)} runs compared: {verdict if compared else 'SO NOTHING IS KNOWN'}")
    return int(failed)


def _run_differences(before: Path, after: Path, name: str) -> Iterator[Difference]:
    """What differs in one run of two records, file by file."""
    sides = [{str(p.relative_to(s / name)) for p in (s / name).rglob("*") if p.is_file()} for s in (before, after)]
    for file in sorted(sides[0] | sides[1]):
        where = f"{name}/{file}"
        if file not in sides[1]:
            yield Difference("file gone", where)
        elif file not in sides[0]:
            yield Difference("file new", where)
        else:
            yield from file_differences(before / where, after / where, file, where)


def _counts(counts: Counter[str]) -> str:
    return ", ".join(f"{counts[kind]} {kind}" for kind in KINDS if counts[kind])


# --------------------------------------------------------------------------------------------------- starting time


def startup(executables: Sequence[Path], folder: Path, rounds: int) -> int:
    """Time short commands of one or two executables in turn, print the least of each and their ratio as JSON."""
    from _measure import in_turn, seconds_of

    commands = {
        "help": ["--help"],
        "list": ["list", "features"],
        "predict": ["predict", "--quiet", str(folder / "model/run/model.audioclf"), str(folder / "few/speech-0.flac")],
    }
    figures: dict[str, Any] = {}
    for name, words in commands.items():
        sides = {str(path): (lambda path=path, words=words: seconds_of([str(path), *words])) for path in executables}
        in_turn(1, sides)
        times = in_turn(rounds, sides)
        least = [min(values) for values in times.values()]
        figures[name] = {"words": words, "seconds": times, "least": least, "ratio": least[-1] / least[0]}
    print(json.dumps(figures, indent=1))
    return 0


def main(words: Iterable[str] | None = None) -> int:
    """Read the command line and do what it says."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    commands = parser.add_subparsers(dest="command", required=True)
    one = commands.add_parser("record", help="run all commands and keep what comes of them")
    one.add_argument("--audioclf", type=Path, required=True, metavar="EXECUTABLE")
    one.add_argument("--out", type=Path, required=True, metavar="DIR")
    one.add_argument("--data", type=Path, default=DATA, metavar="DIR")
    one.add_argument("--only", nargs="+", default=[], choices=list(RUNS), metavar="NAME", help=", ".join(RUNS))
    one.add_argument("--reports-of", type=Path, metavar="RECORD", help="write reports from the results of this record")
    two = commands.add_parser("compare", help="name what differs between two records")
    two.add_argument("before", type=Path)
    two.add_argument("after", type=Path)
    two.add_argument("--words", action="store_true", help="show all differences, those of sentences too")
    three = commands.add_parser("startup", help="time short commands of one or two executables in turn")
    three.add_argument("executables", type=Path, nargs="+", metavar="EXECUTABLE")
    three.add_argument("--record", type=Path, required=True, metavar="DIR", help="a record with the run 'model'")
    three.add_argument("--rounds", type=int, default=7)
    options = parser.parse_args(None if words is None else list(words))
    if options.command == "record":
        return record(options.audioclf, options.out, options.data, options.only, options.reports_of)
    if options.command == "compare":
        return compare(options.before, options.after, options.words)
    return startup(options.executables, options.record, options.rounds)


if __name__ == "__main__":
    sys.exit(main())
