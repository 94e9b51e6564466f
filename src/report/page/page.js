"use strict";
document.documentElement.classList.add("scripted");

// The value of a cell with all its digits.
const valueOf = (cell) => cell.dataset.value ?? cell.textContent;

// Tables: filter, choice of columns, sorting. A table is sorted stably, and cells without a value come last.
for (const table of document.querySelectorAll(".table")) {
  const body = table.querySelector("tbody");
  const rows = [...body.rows].map((row) => ({
    row,
    values: [...row.cells].map(valueOf),
    // Of the columns that are shown always, and of all.
    texts: [":not(.more)", ""].map((shown) => [...row.querySelectorAll(`td${shown}`)].map((cell) => cell.textContent).join(" ").toLowerCase()),
  }));
  const search = table.querySelector("input[type=search]");
  const selects = [...table.querySelectorAll("select")];
  const count = table.querySelector(".count");
  const filter = () => {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    const columns = table.classList.contains("all") ? 1 : 0;
    for (const { row, values, texts } of rows) {
      const chosen = selects.every((select) => !select.value || values[select.dataset.column] === select.value);
      row.hidden = !(chosen && words.every((word) => texts[columns].includes(word)));
      shown += row.hidden ? 0 : 1;
    }
    count.textContent = `${shown} of ${rows.length} rows`;
  };
  search.addEventListener("input", filter);
  selects.forEach((select) => select.addEventListener("change", filter));
  filter();

  const all = table.querySelector("input[type=checkbox]");
  const show = () => {
    table.classList.toggle("all", all.checked);
    filter();
  };
  all.addEventListener("change", show);
  show();

  // On a phone every value carries its heading.
  const heads = [...table.querySelectorAll("thead th")];
  for (const { row } of rows) [...row.cells].forEach((cell, column) => (cell.dataset.label = heads[column].textContent));
  heads.forEach((head, column) => {
    head.querySelector("button").addEventListener("click", () => {
      const descending = head.getAttribute("aria-sort") === "ascending";
      heads.forEach((other) => other.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", descending ? "descending" : "ascending");
      const compare = (a, b) => {
        const [x, y] = [a.values[column], b.values[column]];
        if (x === "" || y === "") return (x === "") - (y === "");
        const numbers = Number(x) - Number(y);
        const order = Number.isNaN(numbers) ? x.localeCompare(y) : numbers;
        return descending ? -order : order;
      };
      body.append(...[...rows].sort(compare).map(({ row }) => row));
    });
  });
}

// What is wider than its place says so.
const beside = () => {
  for (const box of document.querySelectorAll(".scroll")) box.classList.toggle("more-beside", box.scrollWidth > box.clientWidth + 1);
};
addEventListener("resize", beside);
document.querySelectorAll(".table input[type=checkbox]").forEach((all) => all.addEventListener("change", beside));
beside();

// Figures: the values of the nearest point, for a mouse and for a finger.
const tip = document.createElement("div");
tip.className = "tip";
tip.hidden = true;
document.body.append(tip);
for (const svg of document.querySelectorAll("svg.figure")) {
  const points = [...svg.querySelectorAll("circle > title")].map((title) => {
    const circle = title.parentElement;
    const point = { x: circle.cx.baseVal.value, y: circle.cy.baseVal.value, r: circle.r.baseVal.value, text: title.textContent };
    title.remove();
    return point;
  });
  const ring = document.createElementNS(svg.namespaceURI, "circle");
  ring.setAttribute("class", "ring");
  const hide = () => {
    tip.hidden = true;
    ring.remove();
  };
  const show = (event) => {
    const matrix = svg.getScreenCTM();
    const at = new DOMPoint(event.clientX, event.clientY).matrixTransform(matrix.inverse());
    let nearest = null;
    let least = (event.pointerType === "touch" ? 26 : 14) / matrix.a;
    for (const point of points) {
      const distance = Math.hypot(point.x - at.x, point.y - at.y);
      if (distance < least) [nearest, least] = [point, distance];
    }
    if (!nearest) return hide();
    ring.setAttribute("cx", nearest.x);
    ring.setAttribute("cy", nearest.y);
    ring.setAttribute("r", nearest.r);
    svg.append(ring);
    tip.textContent = nearest.text;
    tip.hidden = false;
    const place = new DOMPoint(nearest.x, nearest.y).matrixTransform(matrix);
    const width = document.documentElement.clientWidth;
    const left = Math.min(place.x + 14, width - tip.offsetWidth - 8);
    const above = place.y - tip.offsetHeight - 14;
    tip.style.left = `${Math.max(8, left) + scrollX}px`;
    tip.style.top = `${(above > 0 ? above : place.y + 18) + scrollY}px`;
  };
  svg.addEventListener("pointermove", show);
  svg.addEventListener("pointerdown", show);
  svg.addEventListener("pointerleave", (event) => event.pointerType !== "touch" && hide());
}

// On paper the experiment is not folded.
addEventListener("beforeprint", () => document.querySelectorAll("details").forEach((details) => (details.open = true)));
