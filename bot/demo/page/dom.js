// Builds the page's elements. Text only ever becomes text nodes, so nothing that the bot writes can become HTML.

export function el(tag, props = {}, ...children) {
  const node = document.createElement(tag);
  for (const [key, value] of Object.entries(props)) {
    if (value === undefined || value === null || value === false) continue;
    if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
    else if (key === "class") node.className = value;
    else if (key === "value") node.value = value;
    else node.setAttribute(key, value === true ? "" : String(value));
  }
  node.append(...children.flat(Infinity).filter((child) => child !== undefined && child !== null && child !== false));
  return node;
}

// Brings `box` to show `items`, keeping the nodes whose item did not change (and with them focus and open menus).
export function patch(box, items, key, draw) {
  const known = new Map([...box.children].map((node) => [node.dataset.key, node]));
  const wanted = items.map((item) => {
    const name = key(item);
    const print = JSON.stringify(item);
    const old = known.get(name);
    if (old && old.print === print) return old;
    const node = draw(item);
    node.dataset.key = name;
    node.print = print;
    return node;
  });
  for (const node of [...box.children]) if (!wanted.includes(node)) node.remove();
  wanted.forEach((node, index) => {
    if (box.children[index] !== node) box.insertBefore(node, box.children[index] ?? null);
  });
}

export function toast(text) {
  const node = el("div", { class: "toast", "data-testid": "toast" }, text);
  document.getElementById("toasts").append(node);
  setTimeout(() => node.remove(), 8000);
}

const HUES = [174, 262, 212, 24, 330, 96, 288, 48];

export function avatar(name, isBot) {
  if (isBot) return el("img", { class: "avatar", src: "/page/icon.svg", alt: "" });
  const sum = [...name].reduce((total, letter) => total + letter.codePointAt(0), 0);
  const initials = name.split(/\s+/).map((word) => word[0] ?? "").slice(0, 2).join("");
  return el("span", { class: `avatar hue${HUES.indexOf(HUES[sum % HUES.length])}`, "aria-hidden": "true" }, initials);
}
