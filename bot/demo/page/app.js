// The page as a whole: bar, sidebar, the place in the middle, the thread beside it.

import { act, load, store, watch } from "./api.js";
import { blocks } from "./blocks.js";
import { el, patch } from "./dom.js";
import { mailbox } from "./mail.js";
import { channelItems, composer, messageNode, showMessages } from "./messages.js";
import { showModal } from "./modal.js";
import { seen, tour } from "./tour.js";
import { day, dayShort } from "./time.js";

const at = (id) => document.getElementById(id);
const read = new Map();
const narrow = matchMedia("(max-width: 760px)");
let drawn = "";
let look = () => {};

function contextOf(state) {
  const users = new Map(state.users.map((user) => [user.id, user]));
  const now = state.stage?.now ?? Date.now() / 1000;
  return { users, channels: new Map(state.channels.map((channel) => [channel.id, channel])), me: state.me, zone: users.get(state.me).tz, now };
}

const titleOf = (channel) => (channel.is_im ? "Lookout" : `#${channel.name}`);

function places(state) {
  const channels = state.channels.filter((channel) => !channel.is_im).map((channel) => ({ id: `#${channel.name}`, label: channel.name, sign: "#", group: "Channels", channel: channel.id }));
  const direct = state.channels.filter((channel) => channel.is_im).map((channel) => ({ id: "dm", label: "Messages", sign: "✉", group: "Lookout", channel: channel.id }));
  return [{ id: "home", label: "Home", sign: "⌂", group: "Lookout" }, ...direct, ...channels, { id: "mailbox", label: "Mailbox", sign: "✉", group: "Outside Slack", count: state.mails.length }];
}

function unread(place, state) {
  const channel = state.channels.find((one) => one.id === place.channel);
  if (!channel) return place.count ?? 0;
  const last = read.get(`${state.me}${channel.id}`) ?? "";
  return channel.messages.filter((message) => message.ts > last && message.user !== state.me && !(message.thread_ts && message.thread_ts !== message.ts)).length;
}

function sidebar(state) {
  const groups = group(places(state));
  const items = [...groups].flatMap(([name, list]) => [{ title: name, id: `group-${name}` }, ...list.map((place) => ({ ...place, current: place.id === store.place, unread: unread(place, state) }))]);
  patch(at("sidebar"), items, (item) => item.id, (item) => (item.title ? el("h2", {}, item.title) : el("button", {
    type: "button", class: `${item.current ? "current" : ""} ${item.unread && !item.current ? "unread" : ""}`, "aria-current": item.current ? "page" : undefined, "data-testid": `nav-${item.id}`, onclick: () => go(item.id),
  }, el("span", { class: "sign", "aria-hidden": "true" }, item.sign), el("span", { class: "name" }, item.label), item.unread && !item.current ? el("span", { class: "badge", "aria-label": `${item.unread} new` }, item.unread) : null)));
}

function group(list) {
  const out = new Map();
  for (const place of list) out.set(place.group, [...(out.get(place.group) ?? []), place]);
  return out;
}

function go(place) {
  store.place = place;
  store.thread = "";
  closeMenu();
  if (place === "home") act("home");
  look();
}

function main(state, context) {
  const channel = state.channels.find((one) => (store.place === "dm" ? one.is_im : `#${one.name}` === store.place));
  const key = `${state.me} ${store.place}`;
  if (channel) channelPlace(channel, state, context, key);
  else if (store.place === "home") homePlace(state, context, key);
  else {
    at("main").replaceChildren(el("div", { class: "head" }, el("h1", {}, "Mailbox"), el("p", {}, "The mails that customers received. Nothing here leaves this machine.")), mailbox(state.mails, context));
    drawn = key;
  }
}

function channelPlace(channel, state, context, key) {
  read.set(`${state.me}${channel.id}`, channel.messages.at(-1)?.ts ?? "");
  if (drawn !== key) {
    const list = el("div", { class: "messages", id: "messages", role: "log", "aria-label": `Messages in ${titleOf(channel)}`, tabindex: "0" });
    const about = channel.is_im ? "What Lookout tells you alone" : `${channel.num_members} members${channel.is_ext_shared ? " · shared with another company" : ""}`;
    at("main").replaceChildren(el("div", { class: "head" }, el("h1", {}, titleOf(channel)), el("p", {}, about)), list, composer(channel, "", state.stage?.commands ?? []));
    drawn = key;
    list.scrollTop = 0;
  }
  const list = at("messages");
  const fresh = !list.children.length;
  showMessages(list, channelItems(channel, context.zone), context);
  if (fresh) list.scrollTop = list.scrollHeight;
  thread(channel, context);
}

function homePlace(state, context, key) {
  const print = `${key} ${state.home?.hash}`;
  if (drawn === print) return;
  drawn = print;
  const place = { id: "home", context, values: state.home?.values };
  place.use = (block, element, value) => act("click", { view: state.home.id, block_id: block.block_id, action_id: element.action_id, value });
  const old = at("main").querySelector(".home")?.scrollTop ?? 0;
  const body = el("div", { class: "home", "data-testid": "home", tabindex: "0", "aria-label": "Lookout Home", role: "region" }, state.home ? blocks(state.home.blocks, place) : el("p", { class: "empty" }, "Lookout is preparing this page…"));
  at("main").replaceChildren(el("div", { class: "head" }, el("h1", {}, "Lookout Home"), el("p", {}, "What needs a decision, then your accounts")), body);
  body.scrollTop = old;
}

function thread(channel, context) {
  const side = at("side");
  const root = channel.messages.find((message) => message.ts === store.thread);
  side.hidden = !root;
  if (!root) return side.replaceChildren();
  if (side.dataset.root !== root.ts || !side.children.length) {
    side.dataset.root = root.ts;
    const close = el("button", { type: "button", class: "cross", "aria-label": "Close the thread", onclick: () => { store.thread = ""; look(); } }, "×");
    side.replaceChildren(el("div", { class: "head" }, el("h2", {}, "Thread"), close), el("div", { class: "messages", id: "thread", "data-testid": "thread" }), composer(channel, root.ts, []));
  }
  const items = channel.messages.filter((one) => one.ts === root.ts || one.thread_ts === root.ts).map((message) => ({ message, channel: channel.id, id: message.ts }));
  return patch(at("thread"), items, (item) => item.id, (item) => messageNode(item, context));
}

function bar(state, context) {
  patch(at("who"), state.users.filter((user) => !user.is_bot && !user.deleted), (user) => user.id, (user) => el("option", { value: user.id }, user.is_stranger ? `${user.real_name} (outside)` : user.real_name));
  at("who").value = state.me;
  const stage = state.stage;
  at("today").textContent = (narrow.matches ? dayShort : day)(context.now, stage?.zone ?? context.zone);
  at("next-day").hidden = !stage;
  at("next-day").disabled = Boolean(stage?.busy);
  at("busy").hidden = !stage?.busy;
  at("busy").textContent = stage?.busy ?? "";
  seen.days = stage ? Math.round((Date.parse(stage.day) - Date.parse(stage.first_day)) / 86_400_000) : 0;
  seen.mails = state.mails.length;
}

async function render() {
  const state = await load();
  if (!store.place) store.place = state.channels.some((channel) => channel.name === "cs-alerts") ? "#cs-alerts" : `#${state.channels.find((channel) => !channel.is_im)?.name}`;
  const context = contextOf(state);
  bar(state, context);
  if (!["home", "mailbox", "dm"].includes(store.place) && !state.channels.some((one) => `#${one.name}` === store.place)) store.place = "home";
  main(state, context);
  sidebar(state);
  if (store.place === "home" || store.place === "mailbox") at("side").hidden = true;
  showModal(state.modal, context);
  seen.places.add(store.place);
  seen.card ||= state.channels.some((channel) => `#${channel.name}` === store.place && channel.messages.some((one) => one.blocks.length));
  if (state.modal?.blocks.some((block) => block.element?.multiline)) seen.edited = true;
  tour(at("tour"), go);
}

function closeMenu() {
  document.body.classList.remove("open");
  at("menu").setAttribute("aria-expanded", "false");
}

at("menu").addEventListener("click", () => at("menu").setAttribute("aria-expanded", String(document.body.classList.toggle("open"))));
at("who").addEventListener("change", () => {
  store.user = at("who").value;
  sessionStorage.setItem("user", store.user);
  if (store.place === "home") act("home");
  look();
});
at("next-day").addEventListener("click", () => act("next-day"));
document.addEventListener("look", () => look());
look = watch(render);
narrow.addEventListener("change", () => look());
