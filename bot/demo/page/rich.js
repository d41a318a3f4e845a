// rich_text blocks and the markdown block → nodes.

import { el } from "./dom.js";
import { inline, link, marked, mention, plain } from "./mrkdwn.js";
import { slackDate } from "./time.js";

export function richText(block, context) {
  return block.elements.map((part) => richPart(part, context));
}

function richPart(part, context) {
  const inner = () => part.elements.map((element) => richLeaf(element, context));
  if (part.type === "rich_text_section") return el("span", { class: "rich" }, inner());
  if (part.type === "rich_text_quote") return el("blockquote", {}, inner());
  if (part.type === "rich_text_preformatted") return el("pre", {}, inner());
  if (part.type === "rich_text_list") {
    const tag = part.style === "ordered" ? "ol" : "ul";
    return el(tag, {}, part.elements.map((item) => el("li", {}, richPart(item, context))));
  }
  return "";
}

function richLeaf(leaf, context) {
  const draw = {
    text: () => leaf.text.split("\n").flatMap((line, index) => (index ? [el("br"), ...marked(line)] : marked(line))),
    link: () => link(leaf.url, leaf.text ?? leaf.url),
    user: () => mention(context.users.get(leaf.user_id)?.real_name ?? leaf.user_id, "@"),
    channel: () => mention(context.channels.get(leaf.channel_id)?.name ?? leaf.channel_id, "#"),
    broadcast: () => el("span", { class: "mention loud", "data-ping": leaf.range }, `@${leaf.range}`),
    emoji: () => plain(`:${leaf.name}:`),
    date: () => slackDate(leaf.timestamp, leaf.format, context.zone, context.now),
  };
  let node = draw[leaf.type]?.() ?? "";
  for (const [style, tag] of [["code", "code"], ["bold", "strong"], ["italic", "em"], ["strike", "s"]]) {
    if (leaf.style?.[style]) node = el(tag, {}, node);
  }
  return node;
}

// The markdown block, as far as messages need it: headings, lists, quotes, fences, bold, italics, code, links.
export function markdown(text, context) {
  const out = [];
  let list = null;
  for (const piece of text.split(/(```[\s\S]*?```)/)) {
    if (piece.startsWith("```")) {
      out.push(el("pre", {}, piece.slice(3, -3).replace(/^\w*\n/, "")));
      continue;
    }
    for (const line of piece.split("\n")) {
      const item = /^\s*(?:[-*]|\d+\.)\s+(.*)$/.exec(line);
      if (!item) list = null;
      else if (!list) out.push((list = el(/^\s*\d/.test(line) ? "ol" : "ul")));
      if (item) list.append(el("li", {}, spans(item[1], context)));
      else if (line.trim()) out.push(paragraph(line, context));
    }
  }
  return out;
}

function paragraph(line, context) {
  const heading = /^#{1,6}\s+(.*)$/.exec(line);
  if (heading) return el("p", { class: "heading" }, el("strong", {}, spans(heading[1], context)));
  const quote = /^>\s?(.*)$/.exec(line);
  return quote ? el("blockquote", {}, spans(quote[1], context)) : el("p", {}, spans(line, context));
}

const SPAN = /\*\*(.+?)\*\*|\[([^\]]+)\]\(([^)\s]+)\)|`([^`]+)`|(?<!\w)[*_]([^*_]+)[*_](?!\w)/g;

function spans(text, context) {
  const out = [];
  let at = 0;
  for (const hit of text.matchAll(SPAN)) {
    if (hit.index > at) out.push(text.slice(at, hit.index));
    if (hit[1]) out.push(el("strong", {}, hit[1]));
    else if (hit[2]) out.push(link(hit[3], hit[2]));
    else if (hit[4]) out.push(el("code", {}, hit[4]));
    else out.push(el("em", {}, hit[5]));
    at = hit.index + hit[0].length;
  }
  out.push(...(at ? [text.slice(at)] : inline(text, context)));
  return out;
}
