"""Runs that compare with and without augmented copies: pairs, names, and nothing mixed up."""

from __future__ import annotations

import csv
import io
import re

import pytest
import records

from audioclf.reports import csv_table, html, latex, markdown
from audioclf.reports.latex import LatexReport
from audioclf.reports.words import augmented
from audioclf.reports.words.naming import slugs
from audioclf.results.words import signed

pytestmark = pytest.mark.usefixtures("undrawn")


@pytest.fixture
def compared(make_results):
    return make_results(augmented=True, skill=0.8)


def test_each_experiment_is_paired_with_itself(compared):
    pairs = augmented.pairs(compared)
    assert len(pairs) == 4
    for pair in pairs:
        assert pair.without.identity == (*pair.augmented.identity[:2], None)
        means = [e.metrics["accuracy"].mean for e in (pair.augmented, pair.without)]
        assert pair.difference == means[0] - means[1]


def test_p_is_the_corrected_t_tests_over_the_same_folds_with_holms_correction(compared):
    from audioclf.statistics.significance import corrected_t_test, holm

    ps = []
    for pair in augmented.pairs(compared):
        folds = list(zip(pair.augmented.folds, pair.without.folds, strict=True))
        gains = [a.accuracy - b.accuracy for a, b in folds]
        ps.append(corrected_t_test(gains, *zip(*((b.n_train, b.n_test) for _, b in folds)))[1])
    assert [pair.p for pair in augmented.pairs(compared)] == holm(ps)


def test_says_what_was_done_and_whether_it_helped(compared):
    said = augmented.done(compared)
    assert said.startswith("Training clips were augmented by noise, pitch (semitones=3) and shift: 3 altered copies")
    assert "without the copies, too" in said
    pairs = augmented.pairs(compared)
    higher = sum(pair.difference > 0 for pair in pairs)
    assert f"{higher} of 4 experiments score higher" in augmented.verdict(compared)
    for text in (html.render(compared), markdown.render(compared).replace("\\", "")):
        assert said in text
        assert augmented.verdict(compared) in text


def test_a_difference_beyond_chance_is_named(compared):
    pair = augmented.pairs(compared)[0]
    record = records.plain(compared)
    folds = {(e["features"], e["classifier"], e.get("augment")): e.get("folds") for e in record["experiments"]}
    both = zip(folds[pair.augmented.identity], folds[pair.without.identity], strict=True)
    for k, (a, b) in enumerate(both):
        a["accuracy"], b["accuracy"] = 0.9 + 0.001 * k, 0.5
    said = augmented.verdict(records.of(record))
    assert said.endswith(f"Beyond what chance explains: {pair.without.title} ({signed(pair.difference)}).")


def test_every_format_tells_the_two_apart(compared):
    ranked = compared.ranking()
    names = [e.classifier + ", augmented" * bool(e.augment) + " (baseline)" * e.is_baseline for e in ranked]
    rows = [line.split(" | ") for line in markdown.render(compared).splitlines() if re.match(r"\| \d+ \|", line)]
    assert [row[2] for row in rows[: len(ranked)]] == names
    cells = re.findall(r'<td class="classifier">(.*?)</td>', html.render(compared))
    assert [re.sub("<.*?>", "", cell) for cell in cells] == names
    text = latex.render(compared)
    assert text.count(", augmented") >= 4
    names = slugs(compared.record.experiments)
    assert len(set(names)) == len(names)
    assert sum(name.endswith("-augmented") for name in names) == 4


def test_tables_have_the_differences(compared):
    pairs = augmented.pairs(compared)
    rows = list(csv.DictReader(io.StringIO(csv_table.render(compared), newline="")))
    for row, e in zip(rows, compared.ranking()):
        assert row["augment"] == (e.augment or "")
        pair = next((p for p in pairs if p.augmented is e), None)
        assert row["augmentation_difference"] == ("" if pair is None else str(pair.difference))
    body = latex.render_pairs(compared).partition("\\midrule\n")[2].partition("\\bottomrule")[0].splitlines()
    assert len(body) == len(pairs)
    for line, pair in zip(body, pairs):
        assert f"${pair.difference:+.3f}$" in line
        assert line.count(" & ") == 5


def test_latex_writes_the_second_table_only_where_there_is_one(compared, make_results, tmp_path):
    assert [path.name for path in LatexReport().write(compared, tmp_path)] == ["ranking.tex", "augmentation.tex"]
    assert [path.name for path in LatexReport().write(make_results(), tmp_path / "other")] == ["ranking.tex"]


def test_augmented_without_comparing(compared):
    """Without --augment-compare every experiment is augmented, and there is nothing to put side by side."""
    record = records.plain(compared)
    kept = [e for e in record["experiments"] if e["status"] != "ok" or e["augment"] or e["classifier"] == "dummy"]
    results = records.of(record | {"experiments": kept, "augmentation": record["augmentation"] | {"compared": False}})
    assert augmented.verdict(results) == ""
    assert augmented.done(results).endswith("The tested clips are the originals.")
    assert "Augmentation" in html.render(results)
    assert "With and without augmented copies" not in html.render(results)
