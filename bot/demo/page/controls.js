// Buttons, menus, pickers and inputs. `place.use(block, element, value)` is called when one is used;
// `place.fields` (in modals) collects how to read each input.

import { confirmFirst } from "./confirm.js";
import { el } from "./dom.js";
import { plain } from "./mrkdwn.js";
import { epochOf, wallOf } from "./time.js";

const name = (option) => plain(option.text.text);

export function control(block, element, place) {
  const draw = CONTROLS[element.type];
  if (!draw) return el("span", { class: "unknown" }, `(${element.type})`);
  const marks = { "data-testid": `action:${element.action_id}`, "data-action-id": element.action_id, "data-block-id": block.block_id };
  return draw({ block, element, place, marks, label: block.label?.text ?? element.placeholder?.text ?? element.action_id });
}

// The value that an element shows now: what the person chose before, else its initial one.
function current({ block, element, place }, key, initial) {
  const kept = place.values?.[block.block_id]?.[element.action_id];
  return kept && kept[key] !== undefined ? kept[key] : element[initial];
}

async function use({ block, element, place }, value, node) {
  if (!(await confirmFirst(element.confirm, place.context))) return false;
  node.classList.add("working");
  node.setAttribute("aria-busy", "true");
  await place.use(block, element, value);
  node.classList.remove("working");
  node.removeAttribute("aria-busy");
  return true;
}

function button(it) {
  const { element, marks } = it;
  const node = el("button", { type: "button", class: `button ${element.style ?? ""}`, ...marks, "aria-label": element.accessibility_label }, plain(element.text.text));
  node.addEventListener("click", async () => {
    if (node.classList.contains("working")) return;
    if (element.url && /^https?:\/\//.test(element.url)) window.open(element.url, "_blank", "noopener");
    await use(it, element.value ?? null, node);
  });
  return node;
}

// The menu that is open and its item in focus: a message that changes under somebody's hand is drawn anew and keeps both.
let opened = { menu: "", item: 0 };

function overflow(it) {
  const { element, marks, place } = it;
  const key = `${place.id} ${element.action_id}`; // a block without a name of its own gets a new one with each change
  const list = el("ul", { class: "popup", role: "menu", hidden: true });
  const opener = el("button", { type: "button", class: "button dots", "aria-haspopup": "menu", "aria-expanded": "false", "aria-label": "More actions", ...marks }, "⋯");
  const show = (open) => {
    list.hidden = !open;
    const room = opener.closest(".messages, .home, .modal-body")?.getBoundingClientRect().bottom ?? innerHeight;
    list.classList.toggle("up", open && opener.getBoundingClientRect().bottom + list.offsetHeight + 8 > room);
    opener.setAttribute("aria-expanded", String(open));
    if (open && opened.menu !== key) opened = { menu: key, item: 0 };
    else if (!open && opened.menu === key) opened = { menu: "", item: 0 };
    if (open) list.querySelectorAll("button")[opened.item].focus();
  };
  for (const option of element.options) {
    const item = el("button", { type: "button", role: "menuitem", "data-testid": `option:${option.value}` }, name(option));
    item.addEventListener("click", async () => {
      show(false);
      opener.focus();
      await use(it, option.value, opener);
    });
    list.append(el("li", { role: "none" }, item));
  }
  const box = el("span", { class: "menu-box" }, opener, list);
  opener.addEventListener("click", () => show(list.hidden));
  box.addEventListener("keydown", (event) => menuKey(event, list, () => { show(false); opener.focus(); }));
  box.addEventListener("focusout", () => setTimeout(() => { if (box.isConnected && !box.contains(document.activeElement)) show(false); }));
  list.addEventListener("focusin", (event) => { opened.item = [...list.querySelectorAll("button")].indexOf(event.target); });
  if (opened.menu === key) queueMicrotask(() => box.isConnected && show(true));
  return box;
}

function menuKey(event, list, close) {
  const items = [...list.querySelectorAll("button")];
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (event.key === "Escape" && !list.hidden) {
    event.stopPropagation();
    event.preventDefault();
    close();
  } else if (step && !list.hidden) {
    event.preventDefault();
    items[(items.indexOf(document.activeElement) + step + items.length) % items.length].focus();
  }
}

function chooser(it, choices, value) {
  const { element, label, marks, place, block } = it;
  const prompt = plain(element.placeholder?.text ?? "Choose…");
  const node = el("select", { ...marks, "aria-label": label }, el("option", { value: "" }, prompt));
  for (const group of choices) {
    const items = group.items.map(([key, words]) => el("option", { value: key }, words));
    node.append(...(group.label ? [el("optgroup", { label: group.label }, items)] : items));
  }
  node.value = value ?? "";
  return field(it, node, () => node.value || null, "change", { place, block });
}

function menu(it) {
  const { element } = it;
  const rows = (options) => options.map((option) => [option.value, name(option)]);
  const groups = element.option_groups?.map((group) => ({ label: plain(group.label.text), items: rows(group.options) }));
  return chooser(it, groups ?? [{ items: rows(element.options ?? []) }], current(it, "selected_option", "initial_option")?.value);
}

function people(it) {
  const rows = [...it.place.context.users.values()].filter((user) => !user.is_bot).map((user) => [user.id, user.real_name]);
  return chooser(it, [{ items: rows }], current(it, "selected_user", "initial_user"));
}

function channels(it) {
  const key = it.element.type === "channels_select" ? "channel" : "conversation";
  const rows = [...it.place.context.channels.values()].filter((one) => one.name).map((one) => [one.id, `#${one.name}`]);
  return chooser(it, [{ items: rows }], current(it, `selected_${key}`, `initial_${key}`));
}

// Registers an input: in a modal it is read on submit; elsewhere (or with dispatch_action) a change acts at once.
function field(it, node, read, event) {
  const { block, element, place, label } = it;
  const key = `${block.block_id}\u0000${element.action_id}`;
  place.fields?.set(key, { block, element, read, node });
  if (block.type !== "input" || block.dispatch_action) {
    node.addEventListener(event, () => read() !== null && use(it, read(), node));
  }
  if (!node.hasAttribute("aria-label") && block.type !== "input") node.setAttribute("aria-label", label);
  if (block.type === "input") {
    node.id = `field-${place.id}-${block.block_id}`;
    node.setAttribute("aria-label", label);
    node.setAttribute("aria-describedby", `error-${place.id}-${block.block_id}`);
  }
  return node;
}

function picker(type, key, initial) {
  return (it) => {
    const node = el("input", { type, ...it.marks, value: current(it, key, initial) ?? "" });
    return field(it, node, () => node.value || null, "change");
  };
}

function moment(it) {
  const zone = it.place.context.zone;
  const epoch = current(it, "selected_date_time", "initial_date_time");
  const node = el("input", { type: "datetime-local", ...it.marks, value: epoch ? wallOf(epoch, zone) : "" });
  return field(it, node, () => (node.value ? epochOf(node.value, zone) : null), "change");
}

function words(type) {
  return (it) => {
    const { element, marks } = it;
    const start = current(it, "value", "initial_value") ?? "";
    const tag = element.multiline ? "textarea" : "input";
    const node = el(tag, { ...marks, type: element.multiline ? undefined : type, value: start, rows: element.multiline ? Math.min(14, Math.max(4, start.split("\n").length + 2)) : undefined, placeholder: element.placeholder?.text });
    field(it, node, () => node.value, "change");
    const most = element.max_length;
    if (!most) return node;
    const count = el("span", { class: "count", "data-testid": `count:${it.block.block_id}` });
    const tell = () => {
      count.textContent = `${[...node.value].length} / ${most}`;
      count.classList.toggle("over", [...node.value].length > most);
    };
    node.addEventListener("input", tell);
    tell();
    return el("span", { class: "counted" }, node, count);
  };
}

function choices(type) {
  return (it) => {
    const { element, block, place, label } = it;
    const many = type === "checkbox";
    const start = many ? (current(it, "selected_options", "initial_options") ?? []).map((one) => one.value) : [current(it, "selected_option", "initial_option")?.value];
    const group = `${place.id}-${block.block_id}-${element.action_id}`;
    const inputs = element.options.map((option) => {
      const input = el("input", { type, name: group, value: option.value, "data-testid": `option:${option.value}` });
      input.checked = start.includes(option.value);
      return { input, row: el("label", { class: "choice" }, input, el("span", {}, name(option), option.description ? el("small", {}, plain(option.description.text)) : null)) };
    });
    const picked = () => inputs.filter((one) => one.input.checked).map((one) => one.input.value);
    const box = el("div", { class: "choices", role: many ? "group" : "radiogroup", "aria-label": label, ...it.marks }, inputs.map((one) => one.row));
    return field(it, box, () => (many ? picked() : (picked()[0] ?? null)), "change");
  };
}

const CONTROLS = {
  button, overflow,
  static_select: menu, external_select: menu, users_select: people, channels_select: channels, conversations_select: channels,
  datepicker: picker("date", "selected_date", "initial_date"),
  timepicker: picker("time", "selected_time", "initial_time"),
  datetimepicker: moment,
  plain_text_input: words("text"), email_text_input: words("email"), url_text_input: words("url"), number_input: words("number"),
  radio_buttons: choices("radio"), checkboxes: choices("checkbox"),
};
