"""What all report formats say in words and figures, so that they say the same."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from audioclf.results.names import identity, is_baseline, title
from audioclf.results.results import Results
from audioclf.results.schema import Finished as Experiment

MISSING = "–"
UNKNOWN: dict[str, float | None] = {"mean": None, "std": None, "low": None, "high": None}
"""A metric that an older record, or a classifier without probabilities, doesn't have."""

STAGES = (
    ("Reading and decoding", "decode_seconds"),
    ("Auditing the data", "audit_seconds"),
    ("Computing features", "extract_seconds"),
    ("Feature store", "store_seconds"),
    ("Fitting", "fit_seconds"),
    ("Predicting and scoring", "score_seconds"),
    ("Looking closer at the winner", "insight_seconds"),
)


def score(value: float | None) -> str:
    """Write a score in [0, 1] with three decimals; a dash where there is none.

    >>> score(0.95349), score(None)
    ('0.953', '–')
    """
    return MISSING if value is None else f"{value:.3f}"


def interval(metric: dict[str, float | None]) -> str:
    """Write the ends of a metric's interval.

    >>> interval({"low": 0.92, "high": 0.981})
    '0.920–0.981'
    """
    if metric["low"] is None or metric["high"] is None:
        return MISSING
    return f"{score(metric['low'])}–{score(metric['high'])}"


def spread(metric: dict[str, float | None]) -> str:
    """Write a metric's mean and its standard deviation over folds.

    >>> spread({"mean": 0.95, "std": 0.0211})
    '0.950 ± 0.021'
    """
    if metric["std"] is None:
        return score(metric["mean"])
    return f"{score(metric['mean'])} ± {score(metric['std'])}"


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


def count(number: int, noun: str, plural: str = "") -> str:
    """Write a number with its noun.

    >>> count(1, "clip"), count(2, "class", "classes")
    ('1 clip', '2 classes')
    """
    return f"{number} {noun if number == 1 else plural or noun + 's'}"


def shortened(text: str, most: int) -> str:
    """Cut *text* to *most* characters, an ellipsis included.

    >>> shortened("field recordings", 8)
    'field r…'
    """
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"


def listed(items: list[str], most: int, comma: str = ", ") -> str:
    """Join the first *most* of *items* and count the rest; by semicolons where one has a comma itself.

    >>> listed(["a", "b", "c"], 2), listed(["a", "a, augmented"], 2)
    ('a, b and 1 more', 'a; a, augmented')
    """
    rest = len(items) - most
    if any(comma in item for item in items[:most]):
        comma = "; "
    return comma.join(items[:most]) + (f" and {rest} more" if rest > 0 else "")


def options(parameters: dict[str, Any]) -> str:
    """Write parameters as they would stand in a spec, but for the separator.

    >>> options({"C": 10.0, "gamma": None, "shrink": True})
    'C=10.0, gamma=none, shrink=true'
    """
    return ", ".join(f"{key}={_value(value)}" for key, value in parameters.items())


def _value(value: Any) -> str:
    words = {None: "none", True: "true", False: "false"}
    return words[value] if value is None or isinstance(value, bool) else str(value)


def slugs(experiments: Iterable[Experiment]) -> list[str]:
    """Name each experiment for files and anchors: ASCII, about 80 characters at most, all different.

    They differ even where case isn't told apart, and none is another one's name with ``-normalised``.

    >>> slugs([{"features": "a+b", "classifier": "c"}, {"features": "A", "classifier": "b:c"}])
    ['a-b-c', 'A-b-c-2']
    """
    taken: set[str] = set()
    found = []
    for experiment in experiments:
        text = "-".join((*identity(experiment)[:2], *(["augmented"] if experiment.get("augment") else [])))
        stem = re.sub(r"[^A-Za-z0-9._=]+", "-", text).strip("-._=")[:80].rstrip("-._=") or "experiment"
        slug, number = stem, 1
        while taken & {slug.lower(), f"{slug.lower()}-normalised"}:
            number += 1
            slug = f"{stem}-{number}"
        taken |= {slug.lower(), f"{slug.lower()}-normalised"}
        found.append(slug)
    return found


def slug_of(results: Results, experiment: Experiment) -> str:
    """Return the slug of one experiment of a run: the same in every report."""
    experiments = results.record["experiments"]
    return slugs(experiments)[[id(e) for e in experiments].index(id(experiment))]


def fit_seconds(experiment: Experiment) -> float | None:
    """Return the mean time of a fit, in seconds a fold."""
    times = [fold["fit_seconds"] for fold in experiment["folds"] if fold["fit_seconds"] is not None]
    return sum(times) / len(times) if times else None


def answer(results: Results) -> str:
    """Answer the question of a run in one sentence."""
    if results.record.get("kind") == "explore":
        return _found(results)
    best, floor, metric = results.best, results.baseline, results.titles[results.metric]
    if best is None:
        failed = results.failed()
        if not failed:
            return "Nothing was compared: this run has no experiments."
        if len(failed) == 1:
            return "No answer: the only experiment failed, for the reason below."
        return f"No answer: all {len(failed)} experiments failed, for the reasons below."
    if is_baseline(best):
        got = best["metrics"][results.metric]
        reached = f"{score(got['mean'])} {metric} (95 % interval {interval(got)})"
        others = [e for e in results.ranking() if not is_baseline(e)]
        if not others:
            return (
                f"Only the floor was measured: {alike(results)} reaches {reached}; "
                "compare it with a classifier that listens."
            )
        best, got = others[0], others[0]["metrics"][results.metric]
        return (
            f"Nothing beats {alike(results)}, which reaches {reached}; "
            f"the best of the rest, {title(best)}, reaches {score(got['mean'])}."
        )
    got = best["metrics"][results.metric]
    text = f"{title(best)}{', tuned' if best.get('tuning') else ''}: {score(got['mean'])} {metric}"
    if got["low"] is not None and got["high"] is not None:
        text += f", 95 % interval {got['low']:.2f}–{got['high']:.2f}"
    if results.record.get("tests"):
        like = indistinct(results)
        rivals = len(results.ranking()) - 1 - (floor is not None)
        if like:
            names = [alike(results) if is_baseline(e) else title(e) for e in like]
            return f"{text}; not distinguishable from {listed(names, 2)}."
        if rivals:
            whom = "the other experiment" if rivals == 1 else f"each of the other {rivals} experiments"
            return f"{text}; better than {whom} beyond what chance explains."
    if floor is not None:
        text += f", against {score(floor['metrics'][results.metric]['mean'])} for {alike(results)}"
    return f"{text}."


def alike(results: Results) -> str:
    """Say what the floor does, as in "... beats always answering the largest class"."""
    return "giving every clip the same answer" if results.multilabel else "always answering the largest class"


def noun(results: Results) -> tuple[str, str]:
    """What this run calls what it tells apart: one, and several of them."""
    return ("label", "labels") if results.multilabel else ("class", "classes")


def indistinct(results: Results) -> list[Experiment]:
    """Return the experiments that the run's tests can't tell from the best, in the order of the ranking."""
    return [e for e in results.ranking()[1:] if (e.get("versus_best") or {}).get("distinguishable") is False]


def findings(results: Results, severity: str) -> list[dict[str, Any]]:
    """Return the audit's findings that are ``serious`` or a ``note``; none where there was no audit."""
    audit = results.record.get("audit") or {"findings": []}
    return [finding for finding in audit["findings"] if finding["severity"] == severity]


def figures(results: Results) -> list[tuple[str, str, str]]:
    """List the run's main figures: what each is, the figure, and what to make of it; the one to quote first."""
    best, floor, metric = results.best, results.baseline, results.metric
    if best is None:
        return []
    got, name = best["metrics"][metric], results.titles[metric]
    found = []
    test = results.record.get("test")
    if test:
        value = test["metrics"][metric]
        found.append(
            (
                f"Held-out test, {name}",
                score(value["value"]),
                f"{interval(value)}, 95 % interval. {title(test)} on "
                f"{count(test['n_clips'], 'clip')} of {test['source']}, scored once at the end: the figure to quote.",
            )
        )
    how = "Nested cross-validation" if best.get("tuning") else "Cross-validation"
    found.append((f"{how}, {name}", score(got["mean"]), f"{interval(got)}, 95 % interval. {title(best)}."))
    whole = best.get("by_recording")
    if whole and whole["metrics"].get(metric) is not None:
        found.append(
            (
                "By the recording",
                score(whole["metrics"][metric]),
                f"One answer for each of {count(whole['n_recordings'], 'recording')}: the probabilities of its pieces "
                "averaged.",
            )
        )
    if best.get("tuning"):
        value = best["tuning"]["non_nested"]["score"]
        found.append(
            (
                "Not nested: optimistic",
                score(value),
                "The best candidate on the very folds that chose it. Not to be quoted; it shows what choosing adds.",
            )
        )
    if best.get("naive"):
        value = best["naive"]["metrics"][metric]["mean"]
        found.append(("Groups ignored: leaky", score(value), _cost(got["mean"], value)))
    if floor is not None and floor is not best:
        value = floor["metrics"][metric]["mean"]
        found.append(("The floor", score(value), sentence(alike(results))))
    return found


def _cost(grouped: float | None, naive: float | None) -> str:
    said = "The same under a split that lets clips of one group stand on both sides"
    if grouped is None or naive is None:
        return said + "."
    leak = naive - grouped
    if leak >= 0.0005:
        return f"{said}: {leak:.3f} higher, which is what the leak adds."
    return f"{said}: no higher, so no leak shows in the score."


_KINDS = {
    "exact-duplicates": "the same sound more than once",
    "near-duplicates": "nearly the same sound more than once",
    "duplicate-labels": "the same sound under different labels",
    "group-labels": "a group under different labels",
    "one-recording": "clips that look cut from one recording",
    "cost-of-leak": "a score that a leak raises",
    "sample-rate": "the sample rate gives classes away",
    "duration": "the duration gives classes away",
    "level": "the level gives classes away",
    "dc-offset": "the DC offset gives classes away",
    "bandwidth": "the bandwidth gives classes away",
    "silence": "leading or trailing silence gives classes away",
    "format": "the file format gives classes away",
    "silent": "silent clips",
    "clipped": "clipped clips",
    "truncated": "truncated clips",
    "short": "very short clips",
    "zeros": "clips of mostly zeros",
    "imbalance": "uneven classes",
    "likely-wrong-labels": "labels that are likely wrong",
}


def kind(finding: dict[str, Any]) -> str:
    """Name what a finding is about in a few words.

    >>> kind({"kind": "silent"}), kind({"kind": "another-thing"})
    ('silent clips', 'another thing')
    """
    return _KINDS.get(finding["kind"], finding["kind"].replace("-", " "))


def _found(results: Results) -> str:
    """Answer what is wrong with the data, in one sentence."""
    name = results.record["dataset"]["name"]
    if not results.record.get("audit"):
        return f"{name}: {data_sentence(results)}"
    serious, notes = (findings(results, severity) for severity in ("serious", "note"))
    if serious:
        kinds = list(dict.fromkeys(kind(f) for f in serious))
        return f"{count(len(serious), 'serious finding')} in {name}: {listed(kinds, 3, '; ')}."
    if notes:
        return f"Nothing serious found in {name}; {count(len(notes), 'note')} below."
    return f"Nothing serious found in {name}."


def caveats(results: Results) -> list[str]:
    """Say how far the answer can be trusted: what a careful reader would ask next."""
    best, floor = results.best, results.baseline
    if best is None or is_baseline(best):
        return []
    said = []
    low = best["metrics"][results.metric]["low"]
    if floor is not None and low is not None and low <= (floor["metrics"][results.metric]["mean"] or 0.0):
        said.append(
            f"The interval reaches down to {alike(results)}: on these clips the features may tell nothing about the "
            f"{noun(results)[1]}."
        )
    others = [e for e in results.ranking()[1:] if not is_baseline(e)]
    near = [e for e in others if low is not None and (e["metrics"][results.metric]["high"] or 0.0) >= low]
    if near and not results.record.get("tests"):
        they = "its interval overlaps" if len(near) == 1 else "their intervals overlap"
        said.append(
            f"Not clearly ahead of {listed([title(e) for e in near], 3)}: {they} with the winner's, so their "
            "order may be chance."
        )
    if others and not results.record.get("test"):
        said.append(
            f"The winner was picked among {count(len(others) + 1, 'experiment')} on the very clips that "
            "score it, so its figure leans to the hopeful side; clips kept apart would tell."
        )
    return said


def audited(results: Results) -> str:
    """Say what the audit looked for and whether it found anything."""
    audit = results.record["audit"]
    said = (
        f"{count(audit['checked']['clips'], 'clip')} looked through for leaks between training and test, for "
        "shortcuts that give a class away, and for faults in sounds and labels."
    )
    return said if audit["findings"] else f"{said} Nothing was found."


def held_out(test: dict[str, Any]) -> str:
    """Say how the held-out test set was scored."""
    groups = f" from {count(test['n_groups'], 'group')}" if test["n_groups"] is not None else ""
    return (
        f"{title(test)}, trained on all clips of the comparison and scored once, at the end, on "
        f"{count(test['n_clips'], 'clip')}{groups} of {test['source']}, which had no say in the choice. This is the "
        "figure to quote."
    )


def testing(results: Results) -> str:
    """Say how experiments were compared with the best; nothing where they weren't."""
    tests = results.record.get("tests")
    if not tests:
        return ""
    number = sum(e.get("versus_best") is not None for e in results.ranking())
    holm = f" and Holm's correction for {number} comparisons" if number > 1 else ""
    if tests["decided_by"] is None:
        return "Experiments share too little to be told apart by a test."
    if tests["decided_by"] == "McNemar":
        how = "McNemar's test on the paired answers to the same clips"
    else:
        how = f"the {tests['decided_by']} over {tests['n_folds']} shared folds (Nadeau & Bengio 2003)"
    return (
        f"Not distinguishable: {how}, with a level of {tests['level']:g}{holm}, can't tell the difference "
        "from chance. That is no proof that they are equal: more clips may tell them apart."
    )


def p_value(p: float | None) -> str:
    """Write a p value.

    >>> p_value(0.0312), p_value(0.00002), p_value(None)
    ('0.031', '< 0.001', '–')
    """
    if p is None:
        return MISSING
    return "< 0.001" if p < 0.001 else f"{p:.3f}"


def decisive_p(results: Results, experiment: Experiment) -> float | None:
    """Return the corrected p value that decides whether an experiment is told from the best, if there is one."""
    tests, versus = results.record.get("tests"), experiment.get("versus_best")
    if not tests or not versus:
        return None
    if versus["p_holm"] is not None:
        return versus["p_holm"]
    return (versus["mcnemar"] or {"p_holm": None})["p_holm"]


def versus(results: Results, experiment: Experiment) -> str:
    """Say in a sentence or two how an experiment compares with the best; nothing where that wasn't tested."""
    against = experiment.get("versus_best")
    if not against:
        return ""
    verdict = {
        True: "Behind the best beyond what chance explains",
        False: "Not distinguishable from the best",
        None: "Compared with the best",
    }[against["distinguishable"]]
    said = verdict
    if against["difference"] is not None:
        said += f": {abs(against['difference']):.3f} {results.titles[results.metric]} "
        said += "lower" if against["difference"] >= 0 else "higher"
        if against["t"] is not None:
            said += f" (corrected resampled t = {against['t']:.2f}, p = {p_value(against['p'])}"
            said += f", with Holm's correction {p_value(against['p_holm'])})"
    pairs = against["mcnemar"]
    if pairs is None:
        return said + "."
    right = " (with all labels)" if results.multilabel else ""
    return (
        f"{said}. {count(pairs['best_only'], 'answer')} right{right} of the best alone, {pairs['this_only']} right of "
        f"this one alone (McNemar p = {p_value(pairs['p'])}, with Holm's correction {p_value(pairs['p_holm'])})."
    )


def tuning(results: Results, experiment: Experiment) -> str:
    """Say how an experiment's parameters were searched; nothing where they weren't."""
    found = experiment.get("tuning")
    if not found:
        return ""
    budget = f", at most {found['budget']} of them tried" if found.get("budget") else ""
    space = "; ".join(f"{name} from {', '.join(_value(v) for v in values)}" for name, values in found["space"].items())
    return (
        f"Searched by {found['method']} among {count(found['candidates'], 'candidate')}{budget} for "
        f"{results.titles[found['metric']]}, with {count(found['inner_folds'], 'inner fold')} in each outer fold's "
        f"training part: {count(found['fits'], 'fit')} in all." + (f" Space: {space}." if space else "")
    )


def chosen(experiment: Experiment) -> list[tuple[str, int]]:
    """List the parameters that folds chose, as specs, with the number of folds; the most frequent first."""
    found = (experiment.get("tuning") or {}).get("chosen", {})
    return sorted(found.items(), key=lambda item: (-item[1], item[0]))


def sentence(text: str) -> str:
    """Write what a finding or a warning says as a sentence, unless it begins with a name.

    >>> sentence("the level tells 'wren' from the rest"), sentence("a.wav: silent")
    ("The level tells 'wren' from the rest.", 'a.wav: silent.')
    """
    text = text.strip()
    if text.split(maxsplit=1)[:1] and text.split(maxsplit=1)[0].isalpha():
        text = text[0].upper() + text[1:]
    return text if not text or text[-1] in ".!?…" else f"{text}."


def cell(value: Any) -> str:
    """Write what a finding's small table has in a cell.

    >>> cell(0.123456), cell(12), cell(None), cell(True)
    ('0.123', '12', '–', 'yes')
    """
    if value is None:
        return MISSING
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:.3f}" if isinstance(value, float) else str(value)


def heading(key: str) -> str:
    """Write a key of the record as the head of a column.

    >>> heading("probability_of_label")
    'probability of label'
    """
    return key.replace("_", " ")


def data_sentence(results: Results) -> str:
    """Say in one sentence what was listened to."""
    data = results.record["dataset"]
    clips = count(data["n_clips"], "clip")
    of = f"{clips} ({duration(data['duration'])})"
    text = f"{of} in {count(len(data['labels']), 'class', 'classes')}"
    if results.multilabel:
        each = sum(data["label_counts"].values()) / max(data["n_clips"], 1)
        text = f"{of} with {count(len(data['labels']), 'label')}, {each:.1f} a clip on average"
    if data["n_groups"] is not None:
        text += f", from {count(data['n_groups'], 'group')}"
    return text + "."


def sample_rates(results: Results) -> str:
    """Write the native sample rates, the lowest first, with their numbers of clips."""
    rates = results.record["dataset"]["sample_rates"]
    return ", ".join(f"{rate} Hz: {count(rates[rate], 'clip')}" for rate in sorted(rates, key=int))


def protocol(results: Results) -> list[str]:
    """Describe how the figures came about, one sentence or two an item."""
    cv, analysis, data = (results.record[key] for key in ("cv", "analysis", "dataset"))
    n = cv["n_splits"]
    kinds = {
        "stratified-k-fold": (
            f"{n}-fold cross-validation, stratified: each fold has about the same share of every class, and "
            "each clip is answered by a model that was not trained on it."
        ),
        "stratified-group-k-fold": (
            f"{n}-fold cross-validation, stratified and grouped: each fold has about the same share of "
            "every class, and clips of one group (a speaker, a source recording) never stand on both sides "
            "of a split."
        ),
        "iterative-stratified-k-fold": (
            f"{n}-fold cross-validation with iterative stratification (Sechidis et al. 2011): each fold has about the "
            "same share of every label, and each clip is answered by a model that was not trained on it."
        ),
        "iterative-stratified-group-k-fold": (
            f"{n}-fold cross-validation with iterative stratification of whole groups: each fold has about "
            "the same share of every label, and clips of one group (a speaker, a source recording) never "
            "stand on both sides of a split."
        ),
        "predefined": (
            f"The data set's own {n} folds: each is held out once and answered by a model trained on the others."
        ),
        "leave-one-group-out": (
            f"Leave-one-group-out cross-validation: each of the {n} groups (a speaker, a source recording) "
            "is held out once and answered by a model trained on the others."
        ),
    }
    said = [kinds.get(cv["kind"], f"Cross-validation of kind {cv['kind']} with {n} splits.")]
    if results.multilabel:
        said.append(
            "A clip can have several labels. Each label is answered on its own, with a probability that doesn't depend "
            "on the others', and a clip gets those of 0.5 and more."
        )
    if cv["kind"] in ("stratified-k-fold", "iterative-stratified-k-fold") and data["n_groups"] is None:
        said.append(
            "No groups were given: if several clips were cut from one recording, some of it was in training "
            "when the rest was tested, and the scores are too high."
        )
    if cv["repeats"] > 1:
        said.append(
            f"All of it {cv['repeats']} times with other splits; "
            + ("figures per label" if results.multilabel else "confusion matrices and per-class figures")
            + " are over all repeats."
        )
    if cv["tuned"]:
        said.append("Parameters were searched within each training part, so that no tested clip had a say in them.")
    else:
        said.append("Parameters were set beforehand and the same in every fold.")
    said.append(
        "Mean and standard deviation (±) are over folds; the 95 % interval is over clips, by bootstrap"
        + (", whole groups at a time." if data["n_groups"] is not None else ".")
    )
    said.append(_analysis(analysis))
    return said


def facts(results: Results) -> list[tuple[str, str]]:
    """List what it takes to do a run again, as pairs of a name and its value."""
    record = results.record
    versions = ", ".join(f"{name} {version}" for name, version in record["versions"].items())
    return [
        ("Command", record["command"] or MISSING),
        ("Seed", str(record["seed"])),
        ("Data fingerprint", record["dataset"]["fingerprint"]),
        ("audioclf", record["audioclf"]),
        ("Versions", versions),
        ("Platform", record["platform"]),
        ("Finished", record["created"]),
    ]


def times(results: Results) -> list[tuple[str, str]]:
    """List where the time went, as pairs of a name and its value; an older record knows fewer stages."""
    timing = results.record["timing"]
    stages = [(name, timing[key]) for name, key in STAGES if key in timing]
    workers = timing["workers"]
    whole = f"{duration(timing['total_seconds'])} with {count(workers, 'worker')}"
    if workers > 1 and "fit_seconds" in timing:
        whole += "; the stages are summed over workers"
    return [(name, duration(value)) for name, value in stages] + [("Whole run", whole)]


def _analysis(analysis: dict[str, Any]) -> str:
    rate = analysis["sample_rate"]
    at = f"resampled to {rate} Hz" if rate else "kept at its own sample rate"
    frame, hop = (analysis[key] * 1000 for key in ("frame_length", "hop_length"))
    text = (
        f"Each clip is mixed down to mono, {at} and cut into {analysis['window']} frames of {frame:g} ms "
        f"every {hop:g} ms ({analysis['n_fft']}-point FFT)."
    )
    if analysis["functionals"]:
        text += (
            " For classifiers that take vectors the frames are summed up by "
            f"{', '.join(analysis['functionals'])}; those that take sequences see the frames themselves."
        )
    return text
