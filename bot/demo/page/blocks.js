// Block Kit blocks → nodes.

import { control } from "./controls.js";
import { el } from "./dom.js";
import { marked, plain, textNodes } from "./mrkdwn.js";
import { markdown, richText } from "./rich.js";

export function blocks(list, place) {
  return list.map((block) => {
    const draw = BLOCKS[block.type];
    const node = draw ? draw(block, place) : el("p", { class: "unknown" }, `(${block.type})`);
    node.classList.add("block");
    node.setAttribute("data-testid", `block:${block.type}`);
    return node;
  });
}

function section(block, place) {
  const text = block.text ? el("div", { class: "text" }, textNodes(block.text, place.context)) : null;
  const fields = block.fields && el("div", { class: "fields" }, block.fields.map((one) => el("div", {}, textNodes(one, place.context))));
  const accessory = block.accessory && block.accessory.type !== "image" && el("div", { class: "accessory" }, control(block, block.accessory, place));
  return el("div", { class: "section" }, el("div", { class: "words" }, text, fields), accessory);
}

function context(block, place) {
  return el("div", { class: "context" }, block.elements.filter((one) => one.type !== "image").map((one) => el("span", {}, textNodes(one, place.context))));
}

function input(block, place) {
  const id = `error-${place.id}-${block.block_id}`;
  const label = el("span", { class: "label" }, plain(block.label.text), block.optional ? el("small", {}, " (optional)") : null);
  return el("div", { class: "input", "data-testid": `field:${block.block_id}` }, label, control(block, block.element, place),
    block.hint ? el("p", { class: "hint" }, plain(block.hint.text)) : null,
    el("p", { class: "error", id, "data-testid": `error:${block.block_id}`, role: "alert" }));
}

function table(block, place) {
  const cell = (one, tag) => el(tag, {}, one.type === "rich_text" ? richText(one, place.context) : one.text);
  const [head, ...rows] = block.rows;
  return el("div", { class: "table" }, el("table", {}, el("tr", {}, head.map((one) => cell(one, "th"))), rows.map((row) => el("tr", {}, row.map((one) => cell(one, "td"))))));
}

const BLOCKS = {
  section, context, input, table,
  header: (block) => el("h3", {}, marked(plain(block.text.text))),
  divider: () => el("hr"),
  actions: (block, place) => el("div", { class: "actions" }, block.elements.map((one) => control(block, one, place))),
  context_actions: (block, place) => el("div", { class: "actions" }, block.elements.map((one) => control(block, one, place))),
  rich_text: (block, place) => el("div", {}, richText(block, place.context)),
  markdown: (block, place) => el("div", { class: "markdown" }, markdown(block.text, place.context)),
  alert: (block, place) => el("div", { class: `alert ${block.level ?? "default"}` }, textNodes(block.text, place.context)),
  image: (block) => el("p", { class: "unknown" }, block.alt_text),
};
