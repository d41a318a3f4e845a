// The person's open window: inputs are kept while the bot changes it, errors stand beside their fields.

import { act } from "./api.js";
import { blocks } from "./blocks.js";
import { el, toast } from "./dom.js";
import { plain } from "./mrkdwn.js";

let shown = null;

export function showModal(view, context) {
  if (!view) {
    shown?.box.remove();
    shown = null;
    return;
  }
  if (!shown || shown.view.id !== view.id || shown.view.hash !== view.hash) draw(view, context);
  showErrors(view);
}

function draw(view, context) {
  const typed = shown?.view.id === view.id ? read() : {};
  shown?.box.remove();
  const fields = new Map();
  const place = { id: view.id, context, values: view.values, fields };
  place.use = (block, element, value) => act("click", { view: view.id, block_id: block.block_id, action_id: element.action_id, value, values: read() });
  const body = el("div", { class: "modal-body" }, blocks(view.blocks, place));
  const submit = view.submit && el("button", { type: "submit", class: "button primary", "data-testid": "modal-submit" }, plain(view.submit.text));
  const close = el("button", { type: "button", class: "button", "data-testid": "modal-close", onclick: leave }, plain(view.close?.text ?? "Close"));
  const cross = el("button", { type: "button", class: "cross", "aria-label": "Close this window", onclick: leave }, "×");
  const form = el("form", { novalidate: true }, el("div", { class: "modal-head" }, el("h2", { id: "modal-title" }, plain(view.title.text)), cross), body, el("div", { class: "buttons" }, close, submit));
  const box = el("dialog", { class: "dialog modal", "aria-labelledby": "modal-title", "data-testid": "modal" }, form);
  shown = { view, box, fields };
  keep(typed);
  box.addEventListener("cancel", (event) => {
    event.preventDefault();
    leave();
  });
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (submit) submit.classList.add("working");
    await act("submit", { view: view.id, values: read() });
    submit?.classList.remove("working");
  });
  document.body.append(box);
  box.showModal();
  (body.querySelector("textarea, input, select") ?? submit ?? close).focus();
}

async function leave() {
  if (shown) await act("close", { view: shown.view.id });
}

function read() {
  const values = {};
  for (const { block, read: value } of shown?.fields.values() ?? []) values[block.block_id] = value();
  return values;
}

function keep(values) {
  for (const { block, node } of shown.fields.values()) {
    if (typeof values[block.block_id] === "string" && "value" in node) {
      node.value = values[block.block_id];
      node.dispatchEvent(new Event("input"));
    }
  }
}

function showErrors(view) {
  const known = new Set();
  for (const node of shown.box.querySelectorAll(".input > .error")) {
    const block = node.dataset.testid.slice("error:".length);
    known.add(block);
    node.textContent = view.errors[block] ?? "";
    node.closest(".input").classList.toggle("wrong", block in view.errors);
  }
  shown.box.querySelector(".wrong :is(textarea, input, select)")?.focus();
  for (const [block, text] of Object.entries(view.errors)) if (!known.has(block)) toast(text);
}
