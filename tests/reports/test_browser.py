"""The HTML report in a real browser: nothing is fetched, it works by mouse and keyboard, and fits a phone."""

from __future__ import annotations

import shutil
import tempfile

import pytest
from chromium import BINARY, Chromium

from audioclf.reports.html import render

pytestmark = pytest.mark.skipif(BINARY is None, reason="no Chromium on this machine")
NASTY = ["<script>window.hit = 1</script>", "<img src=x onerror='window.hit=1'>", "\"'><b>c", "b" * 90]


@pytest.fixture(scope="module")
def browser():
    profile = tempfile.mkdtemp()
    browser = Chromium(profile)
    yield browser
    browser.close()
    shutil.rmtree(profile, ignore_errors=True)


@pytest.fixture(scope="module")
def pages(make_results, make_explored, make_tags, older, tmp_path_factory):
    """Written reports, by name."""
    folder = tmp_path_factory.mktemp("pages")
    long = "mfcc:n_coeffs=20,deltas=2+gfcc:n_coeffs=20+spectral+chroma"
    made = {
        "full": make_results(
            features=("mfcc", "gfcc", long),
            classifiers=("svm", "knn"),
            tuned=True,
            test=True,
            naive=True,
            repeats=2,
            skill=0.95,
        ),
        "nasty": make_results(labels=NASTY, skill=0.5, tuned=True, test=True),
        "fifty": make_results(labels=[f"class number {k}" for k in range(50)], n_clips=100, features=("mfcc",)),
        "explored": make_explored(),
        "deep": make_results(
            features=("logmel", long),
            classifiers=("svm", "cnn"),
            augmented=True,
            pieces=True,
            naive=True,
            tuned=True,
            costs=True,
        ),
        "tags": make_tags(labels=[*NASTY, "plain"], test=True),
        "older": older(make_results()),
    }
    for name, results in made.items():
        (folder / f"{name}.html").write_text(render(results), encoding="utf-8")
    return folder, made


@pytest.fixture
def opened(browser, pages):
    """Return a function that opens a page and returns the browser."""

    def open_page(name, **options):
        browser.open(pages[0] / f"{name}.html", **options)
        return browser

    return open_page


def column(browser, i):
    return browser.run(
        f"[...document.querySelectorAll('#experiments tbody tr:not([hidden])')].map(r => r.cells[{i}].innerText.trim())"
    )


@pytest.mark.parametrize("name", ["full", "nasty", "fifty", "explored", "deep", "tags", "older"])
class TestEveryPage:
    def test_opens_without_a_complaint_and_fetches_nothing(self, opened, name):
        page = opened(name)
        page.run("for (const d of document.querySelectorAll('details')) d.open = true")
        loaded = page.run(
            "Promise.all([...document.images].map(i => i.decode().then(() => i.naturalWidth > 0, () => false)))"
        )
        assert all(loaded)
        assert page.complaints() == []
        assert page.requests() == []
        assert page.run("window.hit === undefined && document.documentElement.classList.contains('scripted')")

    @pytest.mark.parametrize("width", [320, 390, 768, 1280])
    def test_never_scrolls_sideways(self, opened, name, width):
        page = opened(name, width=width)
        page.run("for (const d of document.querySelectorAll('details')) d.open = true")
        page.run("document.getElementById('more')?.click()")
        assert page.run("document.documentElement.scrollWidth") <= width

    @pytest.mark.parametrize("dark", [False, True])
    def test_text_can_be_read_off_its_ground(self, opened, name, dark):
        """WCAG 2.1's AA: a contrast of 4.5 to 1, of 3 to 1 for large text."""
        page = opened(name, dark=dark)
        page.run("for (const d of document.querySelectorAll('details')) d.open = true")
        ground = page.run("getComputedStyle(document.body).backgroundColor")
        assert (ground != "rgb(255, 255, 255)") == dark
        assert page.run(CONTRAST) == []


# The contrast of every element that holds text against the grounds behind it, laid over each other.
CONTRAST = """(() => {
  const parse = (c) => { const n = c.match(/[\\d.]+/g).map(Number); return [n[0], n[1], n[2], n[3] ?? 1]; };
  const over = (a, b) => [0, 1, 2].map((i) => a[i] * a[3] + b[i] * (1 - a[3])).concat(1);
  const light = (c) => {
    const curve = (v) => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
    const [r, g, b] = c.slice(0, 3).map((v) => curve(v / 255));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const found = [];
  for (const e of document.querySelectorAll('body *')) {
    const own = [...e.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim());
    if (!own || ['SCRIPT', 'STYLE'].includes(e.tagName) || !e.getClientRects().length) continue;
    const behind = [];
    let faint = 1;
    for (let at = e; at; at = at.parentElement) {
      behind.push(parse(getComputedStyle(at).backgroundColor));
      faint *= Number(getComputedStyle(at).opacity);
    }
    const ground = behind.reverse().reduce((a, b) => over(b, a), [255, 255, 255, 1]);
    const style = getComputedStyle(e), ink = parse(style.color);
    const [a, b] = [light(over([...ink.slice(0, 3), ink[3] * faint], ground)), light(ground)];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    const least = parseFloat(style.fontSize) >= 24 ? 3 : 4.5;
    if (ratio < least) found.push([ratio, e.tagName, e.className, e.textContent.slice(0, 40)]);
  }
  return found.slice(0, 5);
})()"""


class TestRanking:
    def test_a_click_on_a_heading_sorts(self, opened, pages):
        page = opened("full")
        names = column(page, 1)
        means = sorted(e.metrics["accuracy"].mean for e in pages[1]["full"].ranking())

        def click(i):
            page.run(f"document.querySelectorAll('#experiments thead button')[{i}].click()")
            return page.run(f"document.querySelectorAll('#experiments thead th')[{i}].getAttribute('aria-sort')")

        assert click(3) == "descending"
        assert [float(c[:5]) for c in column(page, 3)] == pytest.approx(means[::-1], abs=6e-4)
        assert click(3) == "ascending"
        assert [float(c[:5]) for c in column(page, 3)] == pytest.approx(means, abs=6e-4)
        assert click(1) == "ascending"
        assert column(page, 1) == sorted(names, key=str.lower)
        assert page.run("document.querySelectorAll('#experiments [aria-sort]').length") == 1
        assert click(0) == "ascending"
        assert column(page, 1) == names

    def test_less_is_better_sorts_the_least_first_and_the_unknown_last(self, opened, pages):
        page = opened("full")
        page.run("document.getElementById('more').click()")
        heads = page.run("[...document.querySelectorAll('#experiments thead th')].map(h => h.innerText.trim())")
        i = next(i for i, head in enumerate(heads) if head.lower().startswith("log loss"))
        page.run(f"document.querySelectorAll('#experiments tbody tr')[0].cells[{i}].dataset.value = ''")
        page.run(f"document.querySelectorAll('#experiments thead button')[{i}].click()")
        values = page.run(
            f"[...document.querySelectorAll('#experiments tbody tr')].map(r => r.cells[{i}].dataset.value)"
        )
        assert values[-1] == ""
        assert [float(v) for v in values[:-1]] == sorted(float(v) for v in values[:-1])

    def test_typing_filters_and_says_how_many(self, opened):
        page = opened("full")
        page.run("document.getElementById('filter').focus()")
        page.type("GFCC knn")
        assert page.run("document.getElementById('filtered').innerText") == "2 of 7 experiments"
        assert all("gfcc" in name for name in column(page, 1))
        assert column(page, 2) == ["knn", "knn"]
        assert page.run("document.getElementById('filtered').getAttribute('aria-live')") == "polite"
        page.type(" nothing so")
        assert page.run("document.getElementById('filtered').innerText") == "0 of 7 experiments"
        page.run("const b = document.getElementById('filter'); b.value = ''; b.dispatchEvent(new Event('input'))")
        assert page.run("document.getElementById('filtered').innerText") == "7 experiments"

    def test_only_those_like_the_best(self, opened, pages):
        page = opened("full")
        page.run("document.getElementById('like').click()")
        like = [
            e for e in pages[1]["full"].ranking() if e.versus_best is None or e.versus_best.verdict == "not told apart"
        ]
        assert 1 < len(like) < 7
        assert column(page, 2) == [e.classifier for e in like]

    @pytest.mark.parametrize("name", ["full", "deep"])
    @pytest.mark.parametrize("width", [390, 895, 900, 1100, 1280])
    def test_it_fits_its_region_whatever_the_names(self, opened, name, width):
        page = opened(name, width=width)
        wide, room = page.run(
            "(() => { const r = document.querySelector('#experiments').parentElement;"
            "return [r.scrollWidth, r.clientWidth]; })()"
        )
        assert wide <= room

    def test_further_metrics_on_demand(self, opened):
        page = opened("full")
        shown = "getComputedStyle(document.querySelector('#experiments td.more')).display !== 'none'"
        assert not page.run(shown)
        page.run("document.getElementById('more').click()")
        assert page.run(shown)

    def test_a_name_leads_to_its_experiment_and_opens_it(self, opened):
        page = opened("full")
        page.run("document.querySelectorAll('#experiments tbody a')[2].click()")
        assert page.run(
            "new Promise(r => setTimeout(() => r(document.getElementById(location.hash.slice(1)).open), 50))"
        )


def test_a_screen_reader_finds_the_table_on_a_phone(opened):
    page = opened("full", width=390)
    nodes = page.call("Accessibility.getFullAXTree")["nodes"]
    named = {n["nodeId"]: n for n in nodes}
    table = next(n for n in nodes if n["role"]["value"] == "table" and n["name"]["value"] == "Experiments, best first")

    def below(node, role):
        children = [named[i] for i in node.get("childIds", []) if i in named]
        return [c for c in children if c["role"]["value"] == role] + [x for c in children for x in below(c, role)]

    rows = below(table, "row")
    assert len(rows) == 8
    assert [len(below(row, "rowheader")) for row in rows] == [0] + [1] * 7
    assert all(len(below(row, "cell")) >= 6 for row in rows[1:])


class TestByKeyboard:
    def test_tab_reaches_everything_and_enter_and_space_work(self, opened):
        page = opened("full")
        seen = []
        for _ in range(60):
            page.press("Tab")
            at = page.run(
                "document.activeElement.id || document.activeElement.tagName + ' ' + document.activeElement.innerText"
            )
            seen.append(at)
            if at == "filter":
                page.type("svm")
            elif at == "like":
                page.press(" ", text=" ")
                assert page.run("document.getElementById('like').checked")
                page.press(" ", text=" ")
            elif at == "BUTTON macro F1":
                page.press("Enter", text="\r")
                break
        assert {"A Ranking", "filter", "like", "more"} <= set(seen)
        assert page.run("document.querySelector('[aria-sort]').innerText").strip() == "macro F1"
        assert column(page, 2) == ["svm"] * 3
        outline = page.run("getComputedStyle(document.activeElement).outlineStyle")
        assert outline != "none"

    def test_a_closed_section_opens(self, opened):
        page = opened("full")
        page.run("document.querySelector('.experiment summary').focus()")
        page.press("Enter", text="\r")
        assert page.run("document.querySelector('.experiment').open")


class TestSounds:
    def test_each_player_has_its_sound(self, opened, pages):
        page = opened("full")
        sources = page.run("[...document.querySelectorAll('audio')].map(a => a.src.slice(0, 15))")
        assert len(sources) > len(pages[1]["full"].record.excerpts)
        assert set(sources) == {"data:audio/wav;"}

    def test_it_plays(self, opened):
        page = opened("full")
        done = page.run(
            "new Promise((r) => { const a = document.querySelector('audio[data-lent]'); a.onended = () => r('ended');"
            "a.onerror = () => r(String(a.error?.message)); a.muted = true; a.play().catch((e) => r(String(e)));"
            "setTimeout(() => r('still at ' + a.currentTime), 8000); })"
        )
        assert done == "ended" or (done.startswith("still at ") and float(done.split()[-1]) > 0)


class TestOnPaper:
    def test_it_prints_without_players_and_controls(self, opened, tmp_path):
        page = opened("full", dark=True)
        page.call("Emulation.setEmulatedMedia", media="print")
        hidden = page.run(
            "[...document.querySelectorAll('audio, .controls, nav')].every(e => getComputedStyle(e).display === 'none')"
        )
        assert hidden
        assert page.run("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
        page.print(tmp_path / "report.pdf")
        page.call("Emulation.setEmulatedMedia", media="")
        assert (tmp_path / "report.pdf").read_bytes().startswith(b"%PDF")
        # printing opened what belongs to the winner
        assert page.run("[...document.querySelectorAll('section > details:not(.experiment)')].every(d => d.open)")


def test_without_javascript_all_can_be_read(browser, pages):
    browser.call("Emulation.setScriptExecutionDisabled", value=True)
    try:
        browser.open(pages[0] / "full.html")
    finally:
        browser.call("Emulation.setScriptExecutionDisabled", value=False)
    assert not browser.run("document.documentElement.classList.contains('scripted')")
    assert browser.run("getComputedStyle(document.querySelector('.controls')).display") == "none"
    assert len(column(browser, 1)) == 7
