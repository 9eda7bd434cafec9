// Numbers and names as readers see them, and the elements that hold them.

export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else made.setAttribute(name, value);
  }
  made.append(...children);
  return made;
}

export const whole = (number) => number.toLocaleString("en");
export const count = (number, what) => `${whole(number)} ${what}${number === 1 ? "" : "s"}`;
export const percent = (part) => {
  const hundredths = 100 * part;
  return `${hundredths >= 10 || hundredths === 0 ? hundredths.toFixed(0) : hundredths.toPrecision(2)} %`;
};
export const called = (thing) => thing.name || String(thing.label ?? thing.item);
export const labelOf = (thing) => thing.label ?? thing.item;

// A table of items: how good each is, and why.
export function itemsTable(items, { look, number = "score", heading = "score", showReasons = false }) {
  const most = Math.max(...items.map((item) => Math.abs(item[number])), 1e-9);
  const rows = items.map((item, at) => {
    const what = element("td", {}, element("button", { type: "button", class: "link", onclick: () => look(item) }, called(item)));
    if (showReasons && item.reasons?.length) {
      const why = item.reasons.map((reason) => `${called(reason)} (${percent(reason.share)})`).join(", ");
      what.append(element("span", { class: "why" }, `because of ${why}`));
    }
    const value = item[number];
    const shown = element("td", { class: "number score" }, Number.isInteger(value) ? whole(value) : value.toPrecision(3));
    shown.style.setProperty("--part", `${(100 * Math.max(value, 0)) / most}%`);
    return element("tr", {}, element("td", { class: "number" }, String(at + 1)), what, shown);
  });
  const head = ["", "item", heading].map((text, at) => element("th", { scope: "col", ...(at === 1 ? {} : { class: "number" }) }, text));
  return element("table", {}, element("thead", {}, element("tr", {}, ...head)), element("tbody", {}, ...rows));
}
