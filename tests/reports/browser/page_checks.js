// What the browser test does to a page, in frames of several widths; the answers are written into the
// document as JSON. `PAGE` is the page's text, `AXE` the text of axe-core or empty.
"use strict";

const WIDTHS = [390, 820, 1400];

async function load(width) {
  const frame = document.createElement("iframe");
  frame.style.cssText = `width:${width}px;height:1000px;border:0`;
  frame.srcdoc = PAGE;
  const loaded = new Promise((resolve) => frame.addEventListener("load", resolve));
  document.body.append(frame);
  await loaded;
  return frame.contentDocument;
}

const headings = (table) => [...table.tHead.rows[0].cells];
const columnOf = (table, title) =>
  headings(table).findIndex((heading) => heading.textContent.trim() === title);
const textsOf = (table, column) =>
  [...table.tBodies[0].rows].map((row) => row.cells[column].textContent.trim());

// How far the page is wider than its window, and which deciding columns are out of sight.
function layoutOf(doc) {
  const root = doc.documentElement;
  const table = doc.querySelector("table.results");
  const scroll = table.closest(".scroll").getBoundingClientRect();
  const hidden = ["vs float", "agree %", "status"].filter((title) => {
    const column = columnOf(table, title);
    return [...table.rows].some(
      (row) => row.cells[column].getBoundingClientRect().right > scroll.right + 1);
  });
  return { overflow: root.scrollWidth - root.clientWidth, hidden, rows: table.tBodies[0].rows.length };
}

// The names stay in sight when the figures are moved.
function stickyOf(doc) {
  const table = doc.querySelector("table.results");
  const scroll = table.closest(".scroll");
  scroll.scrollLeft = 200;
  const moved = scroll.scrollLeft;
  const name = table.tBodies[0].rows[0].cells[0].getBoundingClientRect();
  const offset = name.left - scroll.getBoundingClientRect().left;
  scroll.scrollLeft = 0;
  return { moved, offset };
}

function sortOf(doc) {
  const table = doc.querySelector("table.results");
  const column = columnOf(table, "median ms");
  const heading = headings(table)[column];
  const button = heading.querySelector("button");
  button.focus();
  const focused = doc.activeElement === button;
  button.click();
  const up = textsOf(table, column);
  const ascending = heading.getAttribute("aria-sort");
  button.click();
  return { focused, up, ascending, down: textsOf(table, column),
           descending: heading.getAttribute("aria-sort") };
}

function flipOf(doc) {
  doc.querySelector(".flipped details").open = true;
  doc.querySelector(".flips button").click();
  const dialog = doc.querySelector("dialog");
  const answer = {
    open: dialog.open,
    source: dialog.querySelector("img").getAttribute("src"),
    text: dialog.textContent,
  };
  dialog.close();
  return answer;
}

// Every chart's list of figures.
function figuresOf(doc) {
  return [...doc.querySelectorAll(".chart-figures")].map((details) => {
    details.open = true;
    return { heading: details.closest("section").querySelector("h2").textContent,
             first: [...details.querySelector("tbody tr").cells].map((cell) => cell.textContent),
             rows: details.querySelectorAll("tbody tr").length };
  });
}

async function violationsOf(doc) {
  if (AXE === "") return null;
  for (const details of doc.querySelectorAll("details")) details.open = true;
  const script = doc.createElement("script");
  script.textContent = AXE;
  doc.head.append(script);
  const found = await doc.defaultView.axe.run(doc);
  return found.violations.map((violation) => ({
    id: violation.id,
    nodes: violation.nodes.slice(0, 3).map((node) => node.html.slice(0, 160) + " " +
      node.any.concat(node.all, node.none).map((check) => check.message).join("; ")),
  }));
}

async function check() {
  const result = { layout: {}, violations: {} };
  for (const width of WIDTHS) {
    const doc = await load(width);
    result.layout[width] = layoutOf(doc);
    if (width === 390) result.sticky = stickyOf(doc);
    if (width === 820) {
      result.sort = sortOf(doc);
      result.flip = flipOf(doc);
      result.figures = figuresOf(doc);
    }
    result.violations[width] = await violationsOf(doc);
  }
  return result;
}

check().catch((error) => ({ error: String(error) + "\n" + error.stack })).then((result) => {
  const text = JSON.stringify(result).replace(/[<>&]/g, (c) =>
    "\\u00" + c.charCodeAt(0).toString(16));
  document.body.replaceChildren();
  const answer = document.createElement("pre");
  answer.id = "answer";
  answer.textContent = text;
  document.body.append(answer);
});
