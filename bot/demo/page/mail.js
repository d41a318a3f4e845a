// The mailbox: what customers received, word for word.

import { el } from "./dom.js";
import { full } from "./time.js";

let open = 0;

const person = (header) => header.replace(/\s*<[^>]*>$/, "") || header;

export function mailbox(mails, context) {
  if (!mails.length) {
    return el("div", { class: "empty", "data-testid": "mail-empty" }, el("h3", {}, "No mail has left yet"),
      el("p", {}, "Approve a draft on a card in #cs-alerts. Ten seconds later the mail stands here, exactly as it left."));
  }
  const newest = [...mails].reverse();
  const current = newest.find((mail) => mail.id === open) ?? newest[0];
  const list = el("div", { class: "mail-list", role: "list", "aria-label": "Mails" }, newest.map((mail) => el("div", { role: "listitem" }, el("button", { type: "button", class: mail.id === current.id ? "current" : "", "data-testid": "mail", "aria-current": mail.id === current.id ? "true" : undefined, onclick: () => {
    open = mail.id;
    document.dispatchEvent(new Event("look"));
  } }, el("strong", {}, person(mail.to)), el("span", {}, mail.subject), el("small", {}, full(mail.at, context.zone), mail.answer ? " · answered" : "")))));
  return el("div", { class: "mails" }, list, letter(current, context));
}

function letter(mail, context) {
  const row = (name, value, id) => [el("dt", {}, name), el("dd", { "data-testid": id }, value)];
  return el("article", { class: "letter", "data-testid": "letter" }, el("h3", { "data-testid": "mail-subject" }, mail.subject),
    el("dl", {}, row("From", mail.from, "mail-from"), row("To", mail.to, "mail-to"), row("Sent", full(mail.at, context.zone), "mail-at")),
    el("pre", { class: "mail-body", "data-testid": "mail-body" }, mail.body),
    mail.answer ? el("section", { class: "answer", "data-testid": "mail-answer" }, el("h4", {}, `${person(mail.to)} answered, ${full(mail.answered_at, context.zone)}`), el("pre", { class: "mail-body" }, mail.answer)) : null);
}
