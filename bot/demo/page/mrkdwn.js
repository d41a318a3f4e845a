// Slack's mrkdwn → nodes: bold, italics, strike, code, quotes, links, mentions, dates. What it does not know stays text.

import { el } from "./dom.js";
import { slackDate } from "./time.js";

const EMOJI = {
  warning: "⚠️", white_check_mark: "✅", x: "❌", bell: "🔔", eyes: "👀", wave: "👋", rotating_light: "🚨", calendar: "📅",
  chart_with_downwards_trend: "📉", chart_with_upwards_trend: "📈", large_green_circle: "🟢", large_yellow_circle: "🟡",
  large_orange_circle: "🟠", red_circle: "🔴", black_circle: "⚫", white_circle: "⚪", hourglass_flowing_sand: "⏳",
  information_source: "ℹ️", zzz: "💤", envelope: "✉️", bulb: "💡", sparkles: "✨", mag: "🔍", pencil2: "✏️", pushpin: "📌",
};
const CODE = /`([^`\n]+)`/y;
const ANGLE = /<([^<>\n]+)>/y;
const EMPHASIS = /([*_~])(?=\S)([^\n]*?\S)\1(?![\p{L}\p{N}])/uy;
const SHORT = /:([a-z0-9_+-]+):/y;
const TAGS = { "*": "strong", _: "em", "~": "s" };
const FENCE = /```\n?([\s\S]+?)\n?```/;
const WORD = /[\p{L}\p{N}]/u;

// The marks of the five severities are drawn by the style sheet: not every machine has a font with these signs.
const MARKS = { "🟢": "healthy", "🔷": "monitor", "⚠️": "risk", "⚠": "risk", "🟥": "critical", "⛔": "churning" };

export function marked(text) {
  return text.split(/(🟢|🔷|⚠️|⚠|🟥|⛔)/u).filter(Boolean).map((piece) => (piece in MARKS ? el("span", { class: `mark ${MARKS[piece]}` }, piece) : piece));
}

export const unescape = (text) => text.replace(/&(amp|lt|gt);/g, (_, name) => ({ amp: "&", lt: "<", gt: ">" })[name]);

export function plain(text) {
  return text.replace(/:([a-z0-9_+-]+):/g, (token, name) => EMOJI[name] ?? token);
}

export function textNodes(node, context) {
  if (!node) return [];
  return node.type === "plain_text" ? lines([plain(node.text)]).flatMap((piece) => (typeof piece === "string" ? marked(piece) : [piece])) : mrkdwn(node.text, context);
}

export function mrkdwn(text, context) {
  const fence = FENCE.exec(text);
  if (fence) {
    return [
      ...mrkdwn(text.slice(0, fence.index).replace(/\n$/, ""), context),
      el("pre", {}, unescape(fence[1])),
      ...mrkdwn(text.slice(fence.index + fence[0].length).replace(/^\n/, ""), context),
    ];
  }
  const out = [];
  let quoted = [];
  const flush = () => {
    if (quoted.length) out.push(el("blockquote", {}, lines(quoted.map((line) => inline(line, context)))));
    quoted = [];
  };
  let open = [];
  const plainLines = () => {
    if (open.length) out.push(...lines(open.map((line) => inline(line, context))));
    open = [];
  };
  for (const line of text.split("\n")) {
    const quote = /^(?:>|&gt;) ?(.*)$/.exec(line);
    if (quote) {
      plainLines();
      quoted.push(quote[1]);
    } else {
      flush();
      open.push(line);
    }
  }
  flush();
  plainLines();
  return out;
}

function lines(items) {
  const split = items.flatMap((item) => (typeof item === "string" ? item.split("\n") : [item]));
  return split.flatMap((item, index) => (index ? [el("br"), item] : [item])).flat();
}

export function inline(text, context) {
  const out = [];
  let words = "";
  const keep = (node) => {
    if (words) out.push(...marked(unescape(words)));
    words = "";
    out.push(node);
  };
  for (let at = 0; at < text.length; ) {
    const hit = token(text, at, context);
    if (hit) {
      keep(hit.node);
      at = hit.end;
    } else {
      words += text[at];
      at += 1;
    }
  }
  if (words) out.push(...marked(unescape(words)));
  return out;
}

function token(text, at, context) {
  const match = (pattern) => {
    pattern.lastIndex = at;
    return pattern.exec(text);
  };
  const done = (hit, node) => ({ node, end: at + hit[0].length });
  let hit;
  if (text[at] === "`" && (hit = match(CODE))) return done(hit, el("code", {}, unescape(hit[1])));
  if (text[at] === "<" && (hit = match(ANGLE))) return done(hit, angle(hit[1], context));
  if (text[at] in TAGS && !(at && WORD.test(text[at - 1])) && (hit = match(EMPHASIS))) {
    return done(hit, el(TAGS[hit[1]], {}, inline(hit[2], context)));
  }
  if (text[at] === ":" && (hit = match(SHORT)) && hit[1] in EMOJI) return done(hit, EMOJI[hit[1]]);
  return null;
}

function angle(inside, context) {
  const [target, label] = split(inside);
  if (target.startsWith("@")) return mention(context.users.get(target.slice(1))?.real_name ?? label ?? target.slice(1), "@");
  if (target.startsWith("#")) return mention(context.channels.get(target.slice(1))?.name ?? label ?? target.slice(1), "#");
  if (target.startsWith("!date^")) return dateNode(target, label, context);
  if (/^!(channel|here|everyone)$/.test(target)) return el("span", { class: "mention loud", "data-ping": target.slice(1) }, `@${target.slice(1)}`);
  if (/^(https?:\/\/|mailto:)/.test(target)) return link(unescape(target), unescape(label ?? target.replace(/^mailto:/, "")));
  return unescape(`<${inside}>`);
}

export function link(target, label) {
  if (!/^(https?:\/\/|mailto:)/.test(target)) return label;
  return el("a", { href: target, target: "_blank", rel: "noopener noreferrer" }, label);
}

export const mention = (name, sign) => el("span", { class: "mention" }, `${sign}${name}`);

function dateNode(target, label, context) {
  const [, epoch, format, url] = target.split("^");
  if (!/^-?\d+$/.test(epoch) || !format) return unescape(label ?? "");
  const shown = slackDate(Number(epoch), format, context.zone, context.now);
  return el("time", { datetime: new Date(Number(epoch) * 1000).toISOString(), title: label }, url ? link(url, shown) : shown);
}

function split(inside) {
  const bar = inside.indexOf("|");
  return bar < 0 ? [inside, undefined] : [inside.slice(0, bar), inside.slice(bar + 1)];
}
