"""The HTML report: well formed, self-contained, escaped, and true to the record; and seen in Chromium, if there."""

from __future__ import annotations

import itertools
import json
import re
import shutil
import subprocess
from html.parser import HTMLParser

import numpy as np
import pytest

from audioclf.reports.html import MOST_COLUMNS, render
from audioclf.results import METRICS, title

VOID = {"meta", "link", "img", "br", "hr", "input"}


class Page(HTMLParser):
    """Tables with their cells' text, all text, all attributes; fails on tags that don't balance."""

    def __init__(self, text):
        super().__init__()
        self.open, self.tables, self.texts, self.attributes, self.ids, self.headings = [], [], [], [], [], []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attributes):
        self.attributes += [(tag, name, value or "") for name, value in attributes]
        self.ids += [value for name, value in attributes if name == "id"]
        if tag in VOID:
            return
        self.open.append(tag)
        if tag == "table":
            self.tables.append({"caption": "", "rows": []})
        if tag == "tr":
            self.tables[-1]["rows"].append([])
        if tag in ("td", "th"):
            self.tables[-1]["rows"][-1].append("")
        if tag in ("h1", "h2", "h3"):
            self.headings.append((int(tag[1]), ""))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if not self.open or self.open[-1] in ("style", "script"):
            return
        self.texts.append(data)
        inside = self.open[::-1]
        cell = next((t for t in inside if t in ("td", "th", "caption", "table")), None)
        if cell in ("td", "th") and "small" not in self.open:
            self.tables[-1]["rows"][-1][-1] += data
        if cell == "caption":
            self.tables[-1]["caption"] += data
        if self.open[-1] in ("h1", "h2", "h3"):
            level, text = self.headings.pop()
            self.headings.append((level, text + data))


def page_of(results):
    return Page(render(results))


def test_is_well_formed_and_self_contained(results):
    text = render(results)
    page = Page(text)
    assert len(page.ids) == len(set(page.ids))
    for _, name, value in page.attributes:
        assert name not in ("src", "href", "action") or value.startswith("data:")
        assert not name.startswith("on")
    assert "@import" not in text
    assert "url(" not in text
    levels = [level for level, _ in page.headings]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(b <= a + 1 for a, b in itertools.pairwise(levels))


def test_names_from_the_data_are_escaped(make_results):
    nasty = ["<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "a & b"]
    results = make_results(labels=nasty, skill=0.5)
    results.record["dataset"]["name"] = "</title><script>alert(2)</script>"
    text = render(results)
    assert "<script>alert" not in text
    assert "<img src=x" not in text
    page = Page(text)
    assert any("<script>alert(1)</script>" in piece for piece in page.texts)
    assert sum(tag == "script" for tag in re.findall(r"<(\w+)", text)) == 1


def test_ranking_says_what_the_record_says(make_results):
    results = make_results()
    (ranking,) = [t for t in page_of(results).tables if t["caption"].startswith("Experiments")]
    ranked = results.ranking()
    assert len(ranking["rows"]) == len(ranked) + 1
    for row, experiment in zip(ranking["rows"][1:], ranked):
        assert row[1] == experiment["features"]
        assert row[2].strip() == experiment["classifier"]
        for cell, name in zip(row[3:6], METRICS):
            values = experiment["metrics"][name]
            assert cell == f"{values['mean']:.3f} ± {values['std']:.3f}"
        main = experiment["metrics"]["accuracy"]
        assert row[6].strip() == f"{main['low']:.3f}–{main['high']:.3f}"


def test_every_experiments_matrix_and_classes_are_those_of_the_record(make_results):
    results = make_results(repeats=2)
    tables = page_of(results).tables
    matrices = [t for t in tables if t["caption"].startswith("Confusion matrix")]
    classes = [t for t in tables if t["caption"].startswith("Per class")]
    folds = [t for t in tables if t["caption"].startswith("Each fold")]
    ranked = results.ranking()
    assert len(matrices) == len(classes) == len(folds) == len(ranked)
    for matrix, per_class, fold_table, experiment in zip(matrices, classes, folds, ranked):
        counts = [[int(cell) for cell in row[1:]] for row in matrix["rows"][1:]]
        assert counts == experiment["confusion_matrix"]
        assert [row[0] for row in matrix["rows"][1:]] == results.labels
        for row in per_class["rows"][1:]:
            values = experiment["per_class"][row[0]]
            assert row[1:] == [*(f"{values[n]:.3f}" for n in ("precision", "recall", "f1")), str(values["support"])]
        assert len(fold_table["rows"]) == 1 + len(experiment["folds"])
        assert fold_table["rows"][1][4] == f"{experiment['folds'][0]['accuracy']:.3f}"


def test_says_what_went_wrong(make_results):
    results = make_results()
    text = " ".join(page_of(results).texts)
    assert "pncc with rf" in text
    assert "ValueError: <b>singular</b>" in text
    assert "x0|<i>.wav" in text
    assert "2 clips are exact copies" in text
    assert "These clips are synthetic" in text


def test_says_how_to_do_it_again(make_results):
    record = make_results().record
    text = " ".join(page_of(make_results()).texts)
    for fact in (record["command"], record["dataset"]["fingerprint"], "numpy 2.4.6", "Seed"):
        assert fact in text


def test_many_classes_get_pictures(make_results):
    results = make_results(labels=[f"class {k}" for k in range(MOST_COLUMNS + 1)], n_clips=200)
    page = page_of(results)
    pictures = [(name, value) for tag, name, value in page.attributes if tag == "img"]
    assert sum(name == "src" and value.startswith("data:image/png;base64,") for name, value in pictures) == 2
    assert all(value for name, value in pictures if name == "alt")
    assert not any(t["caption"].startswith("Confusion matrix") for t in page.tables)


def test_size_for_a_large_grid(make_results):
    results = make_results(
        features=[f"f{i}" for i in range(8)], classifiers=["a", "b", "c", "d"], n_clips=300, labels=list("abcdefghij")
    )
    assert len(render(results).encode()) < 5e6


CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")
class TestInABrowser:
    def dom(self, tmp_path, results, script, width=1000):
        """Open the report in a frame of *width* pixels, run *script* over its ``document`` d, return its value."""
        source = json.dumps(render(results)).replace("</", "<\\/")
        (tmp_path / "test.html").write_text(
            f"<!doctype html><body><iframe style='width:{width}px;height:900px;border:0'></iframe><script>"
            "const f = document.querySelector('iframe');"
            "f.onload = () => { const d = f.contentDocument, w = f.contentWindow;"
            f"const value = (() => {{ {script} }})();"
            "const out = document.createElement('pre'); out.id = 'out';"
            "out.textContent = JSON.stringify(value); document.body.append(out); };"
            f"f.srcdoc = {source};</script>",
            encoding="utf-8",
        )
        options = "--headless --no-sandbox --disable-gpu --disable-background-networking --disable-component-update"
        options += " --disable-sync --no-first-run --virtual-time-budget=5000 --window-size=1200,1000 --dump-dom"
        done = subprocess.run(
            [CHROMIUM, *options.split(), f"--user-data-dir={tmp_path / 'profile'}", f"file://{tmp_path / 'test.html'}"],
            capture_output=True,
            text=True,
            timeout=120,
        )
        found = re.search(r'<pre id="out">(.*?)</pre>', done.stdout, re.DOTALL)
        assert found, done.stderr[-2000:]
        return json.loads(found[1])

    def test_no_sideways_scrolling_on_a_phone(self, tmp_path, make_results):
        script = (
            "for (const x of d.querySelectorAll('details')) x.open = true;"
            "return [d.documentElement.scrollWidth, d.documentElement.clientWidth];"
        )
        long = ["a very long name of a class that somebody gave " * 3, "b" * 90, "c"]
        wide, room = self.dom(tmp_path, make_results(labels=long, skill=0.6), script, width=390)
        assert wide <= room

    def test_sorting(self, tmp_path, make_results):
        script = (
            "const column = i => [...d.querySelectorAll('.sortable tbody tr')].map(r => r.cells[i].textContent);"
            "const heads = d.querySelectorAll('.sortable th button');"
            "const asked = [column(3)]; heads[3].click(); asked.push(column(3)); heads[3].click();"
            "asked.push(column(3));"
            "heads[1].click(); asked.push(column(1)); return asked;"
        )
        results = make_results()
        start, down, up, names = self.dom(tmp_path, results, script)
        means = [e["metrics"]["accuracy"]["mean"] for e in results.ranking()]
        assert [float(cell[:5]) for cell in start] == pytest.approx(means, abs=6e-4)
        assert [float(cell[:5]) for cell in down] == pytest.approx(sorted(means, reverse=True), abs=6e-4)
        assert up == down[::-1] or np.allclose([float(c[:5]) for c in up], sorted(means), atol=6e-4)
        assert names == sorted(names)

    def test_no_script_error_and_text_stays_text(self, tmp_path, make_results):
        nasty = ["<script>window.hit = 1</script>", "<img src=x onerror='window.hit=1'>", "c"]
        script = "return [w.hit === undefined, d.documentElement.classList.contains('scripted')];"
        assert self.dom(tmp_path, make_results(labels=nasty), script) == [True, True]


def test_title_is_the_winner(make_results):
    results = make_results()
    heads = [text for level, text in page_of(results).headings if level == 2]
    assert any(text.startswith(title(results.best)) for text in heads)
