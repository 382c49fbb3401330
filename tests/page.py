"""An HTML page taken apart, for tests."""

from __future__ import annotations

from html.parser import HTMLParser

VOID = {"meta", "link", "img", "br", "hr", "input", "wbr"}


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
        if cell in ("td", "th"):
            # what stands small beside or below the figure is kept apart by a space
            data = f" {data}" if self.open[-1] == "small" else data
            self.tables[-1]["rows"][-1][-1] += data
        if cell == "caption":
            self.tables[-1]["caption"] += data
        if self.open[-1] in ("h1", "h2", "h3"):
            level, text = self.headings.pop()
            self.headings.append((level, text + data))
