// "Try this": five minutes from a fading account to one that comes back. Steps tick themselves off.

import { el } from "./dom.js";

const STEPS = [
  { text: "Read a card in #cs-alerts", place: "#cs-alerts", done: (seen) => seen.card },
  { text: "Edit its draft", place: "#cs-alerts", done: (seen) => seen.edited },
  { text: "Send it with one click", place: "#cs-alerts", done: (seen) => seen.mails > 0 },
  { text: "Read the mail", place: "mailbox", done: (seen) => seen.places.has("mailbox") && seen.mails > 0 },
  { text: "Ask /health, misspelt", place: "#cs-alerts", done: (seen) => seen.asked },
  { text: "Press Next day twice", place: "#cs-alerts", done: (seen) => seen.days > 1 && seen.mails > 0 },
];

export const seen = { places: new Set(), edited: false, mails: 0, asked: false, card: false, days: 0 };
let hidden = sessionStorage.getItem("tour") === "hidden";

export function tour(box, go) {
  if (hidden) {
    box.replaceChildren();
    box.hidden = true;
    return;
  }
  const done = STEPS.map((step) => step.done(seen));
  const next = done.indexOf(false);
  const print = `${done} ${next}`;
  if (box.dataset.print === print) return;
  box.dataset.print = print;
  requestAnimationFrame(() => box.querySelector(".next")?.scrollIntoView({ block: "nearest", inline: "nearest" }));
  box.replaceChildren(
    el("strong", {}, "Try this"),
    el("ol", {}, STEPS.map((step, index) => el("li", { class: done[index] ? "done" : index === next ? "next" : "" },
      el("button", { type: "button", "data-testid": `tour-${index + 1}`, onclick: () => go(step.place) }, el("span", { class: "tick", "aria-hidden": "true" }, done[index] ? "✓" : String(index + 1)), step.text, done[index] ? el("span", { class: "hide" }, " (done)") : null)))),
    el("button", { type: "button", class: "cross", "aria-label": "Hide the hints", onclick: () => {
      hidden = true;
      sessionStorage.setItem("tour", "hidden");
      tour(box, go);
    } }, "×"),
  );
}
