// Sorting, filtering, and sounds that stand in the page once. Without this script the page reads as it is.
document.documentElement.classList.add("scripted");

for (const table of document.querySelectorAll("table.sortable")) {
  const heads = [...table.tHead.rows[0].cells];
  const value = (row, i) => {
    const cell = row.cells[i];
    const text = cell.dataset.value ?? cell.textContent.trim();
    return text !== "" && !isNaN(text) ? Number(text) : text;
  };
  // What can't be compared as numbers is text; what is missing comes last either way.
  const compare = (x, y, sign) => {
    if (x === "" || y === "") return (x === "") - (y === "");
    return sign * (typeof x === "number" && typeof y === "number" ? x - y : String(x).localeCompare(String(y)));
  };
  heads.forEach((head, i) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => {
      const falling = i > 2 && !head.classList.contains("error");
      const now = head.getAttribute("aria-sort");
      const next = now === null ? (falling ? "descending" : "ascending") : now === "ascending" ? "descending" : "ascending";
      heads.forEach((other) => other.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", next);
      const sign = next === "ascending" ? 1 : -1;
      const rows = [...table.tBodies[0].rows];
      rows.sort((a, b) => compare(value(a, i), value(b, i), sign));
      table.tBodies[0].append(...rows);
    });
  });
}

// On a phone these tables' rows are stacked, which would make a screen reader forget that they are tables.
const roles = { TABLE: "table", THEAD: "rowgroup", TBODY: "rowgroup", TR: "row", TD: "cell" };
for (const table of document.querySelectorAll("table.stacked")) {
  for (const part of [table, ...table.querySelectorAll("thead, tbody, tr, th, td")]) {
    part.setAttribute("role", roles[part.tagName] ?? (part.scope === "row" ? "rowheader" : "columnheader"));
  }
}

const table = document.getElementById("experiments");
if (table) {
  const box = document.getElementById("filter");
  const like = document.getElementById("like");
  const more = document.getElementById("more");
  const said = document.getElementById("filtered");
  const rows = [...table.tBodies[0].rows];
  const all = said.textContent;
  const filter = () => {
    const words = box.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const row of rows) {
      const text = `${row.cells[1].textContent} ${row.cells[2].textContent}`.toLowerCase();
      row.hidden = !words.every((word) => text.includes(word)) || (like?.checked && !row.classList.contains("like"));
      shown += !row.hidden;
    }
    said.textContent = shown === rows.length ? all : `${shown} of ${all}`;
  };
  box.addEventListener("input", filter);
  like?.addEventListener("change", filter);
  more.addEventListener("change", () => table.classList.toggle("all-columns", more.checked));
  // A browser that comes back to the page restores what was typed and ticked.
  filter();
  table.classList.toggle("all-columns", more.checked);
}

const sounds = new Map([...document.querySelectorAll("audio[data-sound]")].map((a) => [a.dataset.sound, a]));
for (const audio of document.querySelectorAll("audio[data-lent]")) audio.src = sounds.get(audio.dataset.lent).src;

// One sound at a time.
document.addEventListener("play", (event) => {
  for (const audio of document.querySelectorAll("audio")) if (audio !== event.target) audio.pause();
}, true);

// A link to a closed section opens it; so does printing, for the winner's.
const open = () => {
  const target = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
  for (let at = target; at; at = at.parentElement) if (at.tagName === "DETAILS") at.open = true;
  target?.scrollIntoView?.();
};
addEventListener("hashchange", open);
if (location.hash) open();
addEventListener("beforeprint", () => {
  for (const details of document.querySelectorAll("section > details:not(.experiment)")) details.open = true;
});
