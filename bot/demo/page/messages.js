// A channel's messages, a thread, and the line to type into.

import { act, store } from "./api.js";
import { blocks } from "./blocks.js";
import { avatar, el, patch } from "./dom.js";
import { mrkdwn } from "./mrkdwn.js";
import { seen } from "./tour.js";
import { clock, day, dayKey, full } from "./time.js";

let answering = false; // somebody has just said something: what comes of it must be seen, wherever they had scrolled to

export function messageNode(item, context) {
  const { message, replies } = item;
  const author = context.users.get(message.user);
  const epoch = Number(message.ts);
  const place = { id: message.ts.replace(".", ""), context };
  place.use = (block, element, value) => act("click", { channel: item.channel, ts: message.ts, block_id: block.block_id, action_id: element.action_id, value });
  const head = el("div", { class: "by" }, el("strong", {}, author?.real_name ?? "Somebody"), author?.is_bot ? el("span", { class: "tag" }, "APP") : null,
    author?.is_stranger ? el("span", { class: "tag" }, "EXTERNAL") : null,
    el("time", { datetime: new Date(epoch * 1000).toISOString(), title: full(epoch, context.zone) }, clock(epoch, context.zone)),
    message.edited ? el("span", { class: "edited" }, "(edited)") : null);
  const content = message.blocks.length ? blocks(message.blocks, place) : el("div", { class: "text" }, mrkdwn(message.text, context));
  const thread = replies > 0 && el("button", { type: "button", class: "replies", "data-testid": "replies", onclick: () => openThread(message.ts) }, `${replies} ${replies === 1 ? "reply" : "replies"}`);
  const starter = item.root && !replies && !message.ephemeral && el("button", { type: "button", class: "replies quiet", "data-testid": "reply", onclick: () => openThread(message.ts) }, "Reply in thread");
  return el("article", { class: `message ${message.ephemeral ? "ephemeral" : ""}`, "data-testid": "message", "data-ts": message.ts, "aria-label": `${author?.real_name ?? "Somebody"}: ${message.text.slice(0, 80)}` },
    avatar(author?.real_name ?? "?", author?.is_bot),
    el("div", { class: "content" }, head, message.ephemeral ? el("p", { class: "only-you", "data-testid": "only-you" }, "Only visible to you") : null, content, thread, starter));
}

function openThread(ts) {
  store.thread = ts;
  document.dispatchEvent(new Event("look"));
}

export function channelItems(channel, zone) {
  const items = [];
  let last = "";
  for (const message of channel.messages) {
    if (message.thread_ts && message.thread_ts !== message.ts) continue;
    const key = dayKey(Number(message.ts), zone);
    if (key !== last) items.push({ day: day(Number(message.ts), zone), id: `day-${key}` });
    last = key;
    const replies = channel.messages.filter((one) => one.thread_ts === message.ts && one.ts !== message.ts).length;
    items.push({ message, replies, channel: channel.id, root: true, id: message.ts });
  }
  return items;
}

export function showMessages(box, items, context) {
  const atEnd = box.scrollHeight - box.scrollTop - box.clientHeight < 80;
  const grew = items.length > box.children.length;
  const mine = answering && grew;
  const print = `${context.me}${dayKey(context.now, context.zone)}`;
  patch(box, items.map((item) => ({ ...item, print })), (item) => item.id,
    (item) => (item.day ? el("div", { class: "day", role: "separator" }, el("span", {}, item.day)) : messageNode(item, context)));
  if ((atEnd && grew) || mine) box.scrollTop = box.scrollHeight;
  if (mine) answering = false;
}

export function composer(channel, thread, commands) {
  const hint = el("ul", { class: "popup commands", hidden: true, "data-testid": "commands" });
  const line = el("input", { type: "text", class: "line", autocomplete: "off", "data-testid": thread ? "thread-composer" : "composer", "aria-label": thread ? "Reply" : `Message ${channel.name ? `#${channel.name}` : "Lookout"}`, placeholder: thread ? "Reply…" : "Write a message, or / for commands" });
  const suggest = () => {
    const typed = line.value;
    const fitting = thread || !typed.startsWith("/") || typed.includes(" ") ? [] : commands.filter((one) => one.name.startsWith(typed));
    hint.hidden = !fitting.length;
    hint.replaceChildren(...fitting.map((one) => el("li", {}, el("button", { type: "button", onclick: () => { line.value = `${one.name} `; suggest(); line.focus(); } }, el("strong", {}, one.name), ` ${one.usage} `, el("small", {}, one.text)))));
  };
  line.addEventListener("input", suggest);
  return el("form", { class: "composer", onsubmit: async (event) => {
    event.preventDefault();
    const text = line.value.trim();
    if (!text) return;
    line.value = "";
    suggest();
    if (text.startsWith("/health ")) seen.asked = true;
    if (!thread) answering = true;
    await act("say", { channel: channel.id, text, thread });
  } }, hint, line, el("button", { type: "submit", class: "button primary send", "aria-label": "Send", "data-testid": "send" }, "Send"));
}
