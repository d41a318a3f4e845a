// The dialog that some buttons ask before they act.

import { el } from "./dom.js";
import { plain, textNodes } from "./mrkdwn.js";

export function confirmFirst(confirm, context) {
  if (!confirm) return Promise.resolve(true);
  return new Promise((resolve) => {
    const danger = confirm.style === "danger" ? "danger" : "primary";
    const yes = el("button", { type: "submit", value: "yes", class: `button ${danger}`, "data-testid": "confirm-ok" }, plain(confirm.confirm?.text ?? "Yes"));
    const no = el("button", { type: "submit", value: "no", class: "button", "data-testid": "confirm-cancel" }, plain(confirm.deny?.text ?? "No"));
    const title = el("h2", { id: "confirm-title" }, plain(confirm.title.text));
    const form = el("form", { method: "dialog" }, title, el("p", {}, textNodes(confirm.text, context)), el("div", { class: "buttons" }, no, yes));
    const box = el("dialog", { class: "dialog confirm", "aria-labelledby": "confirm-title", "data-testid": "confirm" }, form);
    box.addEventListener("close", () => {
      box.remove();
      resolve(box.returnValue === "yes");
    });
    document.body.append(box);
    box.showModal();
    yes.focus();
  });
}
