// A field that searches while one types: a combobox with a list, by mouse and by keyboard.

import { ask } from "./ask.js";
import { element, count, called } from "./words.js";

export function searchField(input, list, { onlyItems = false, choose }) {
  let hits = [], active = -1, turn = 0, timer = 0;

  const close = () => {
    list.hidden = true;
    list.replaceChildren();
    active = -1;
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
  };
  const pick = (hit) => {
    close();
    input.value = "";
    choose(hit);
  };
  const mark = (to) => {
    active = hits.length ? (to + hits.length) % hits.length : -1;
    [...list.children].forEach((option, at) => option.setAttribute("aria-selected", at === active));
    if (active < 0) return;
    input.setAttribute("aria-activedescendant", list.children[active].id);
    list.children[active].scrollIntoView({ block: "nearest" });
  };
  const show = (found) => {
    hits = found;
    const options = found.map((hit, at) => {
      const text = hit.kind === "user" ? `${called(hit)} (user)` : called(hit);
      const what = hit.kind === "user" ? count(hit.count, "item") : count(hit.count, "user");
      const option = element("li", { role: "option", id: `${list.id}-${at}`, "aria-selected": "false" },
        element("span", {}, text), element("span", {}, what));
      option.addEventListener("mousedown", (event) => { event.preventDefault(); pick(hit); });
      return option;
    });
    list.replaceChildren(...(options.length ? options : [element("li", { class: "note" }, "nothing is called so")]));
    list.hidden = false;
    input.setAttribute("aria-expanded", "true");
    mark(0);
  };
  const look = async () => {
    const text = input.value.trim(), mine = ++turn;
    if (!text) return close();
    const found = await ask(`look/search?n=${onlyItems ? 40 : 12}&q=${encodeURIComponent(text)}`);
    if (found && mine === turn && input.value.trim() === text && document.activeElement === input) {
      show(onlyItems ? found.hits.filter((hit) => hit.kind === "item").slice(0, 12) : found.hits);
    }
  };

  input.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(look, 120); });
  input.addEventListener("blur", close);
  input.addEventListener("keydown", (event) => {
    if (event.key === "Escape") { turn++; return close(); }
    if (list.hidden) return;
    if (event.key === "ArrowDown") { event.preventDefault(); mark(active + 1); }
    if (event.key === "ArrowUp") { event.preventDefault(); mark(active - 1); }
    if (event.key === "Enter" && hits[active]) { event.preventDefault(); pick(hits[active]); }
  });
}
