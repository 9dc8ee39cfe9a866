// Tables that are written once and then only where a text changed.

import { element, setText } from "./page.js";

/**
 * Show `rows` in the table body with this id: [{key, state, cells: [text, …]}].
 * The first cell of a row is its heading; `state` becomes a data attribute for the style.
 */
export function showRows(id, rows) {
  const body = element(id);
  while (body.rows.length > rows.length) body.deleteRow(-1);
  for (const [index, { key, state, cells }] of rows.entries()) {
    const row = body.rows[index] ?? newRow(body, cells.length);
    row.dataset.key = key;
    row.dataset.state = state;
    for (const [column, text] of cells.entries()) setText(row.cells[column], text);
  }
}

function newRow(body, count) {
  const row = body.insertRow();
  const heading = document.createElement("th");
  heading.scope = "row";
  row.append(heading);
  for (let column = 1; column < count; column += 1) row.insertCell();
  return row;
}

/** Show `cards` in the element with this id: [{key, title, value, note}]. */
export function showCards(id, cards) {
  const holder = element(id);
  for (const [index, { key, title, value, note }] of cards.entries()) {
    const card = holder.children[index] ?? newCard(holder, key);
    const [heading, number, remark] = card.children;
    setText(heading, title);
    setText(number, value);
    setText(remark, note);
    card.dataset.withheld = String(value === "–");
  }
}

function newCard(holder, key) {
  const card = document.createElement("div");
  card.className = "card";
  card.dataset.key = key;
  for (const part of ["title", "value", "note"]) {
    const line = document.createElement("p");
    line.className = part;
    card.append(line);
  }
  holder.append(card);
  return card;
}
