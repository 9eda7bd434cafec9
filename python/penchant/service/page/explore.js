// The page: what was chosen, what one likes, the map, and popularity.

import { ask, tell } from "./ask.js";
import { searchField } from "./search.js";
import { Scatter, partAxes } from "./scatter.js";
import { called, count, element, itemsTable, labelOf, percent, whole } from "./words.js";

const at = (id) => document.getElementById(id);
const encoded = encodeURIComponent;

// ---- colours

const dark = () => document.documentElement.dataset.theme === "dark";
function paint(theme) {
  document.documentElement.dataset.theme = theme;
  at("theme").setAttribute("aria-pressed", theme === "dark");
  [map, popularity].forEach((picture) => picture?.draw());
}
let map, popularity;
const wished = matchMedia("(prefers-color-scheme: dark)");
paint(localStorage.getItem("theme") || (wished.matches ? "dark" : "light"));
wished.addEventListener("change", () => { if (!localStorage.getItem("theme")) paint(wished.matches ? "dark" : "light"); });
at("theme").addEventListener("click", () => {
  localStorage.setItem("theme", dark() ? "light" : "dark");
  paint(localStorage.getItem("theme"));
});

// ---- one item or user

const lookAtItem = (thing) => look({ kind: "item", label: labelOf(thing), name: thing.name });

let looks = 0;

async function look(hit) {
  const about = at("about"), mine = ++looks;
  tell("");
  const found = await ask(`look/${hit.kind}?n=10&${hit.kind}=${encoded(labelOf(hit))}`);
  if (!found || mine !== looks) return;
  const name = hit.kind === "user" ? `User ${labelOf(hit)}` : called(found);
  if (hit.kind === "user") {
    about.replaceChildren(
      element("h3", {}, `${name}, who has ${count(found.count, "item")}`),
      itemsTable(found.history, { look: lookAtItem, number: "weight", heading: "weight" }),
      element("h3", {}, "Recommended"),
      found.items.length ? itemsTable(found.items, { look: lookAtItem, showReasons: true })
        : element("p", { class: "note" }, "Nothing: the model knows nothing about this user."),
    );
    mark([], [...found.history, ...found.items]);
  } else {
    const add = element("button", { type: "button", onclick: () => like({ ...hit, name: found.name }) }, "I like this");
    about.replaceChildren(
      element("div", { class: "title" }, element("h3", {}, `${name}, which ${count(found.count, "user")} ${found.count === 1 ? "has" : "have"}`), add),
      element("p", { class: "note" }, "Most like it, by the angle between what the model knows of them (1 is the same direction):"),
      itemsTable(found.items, { look: lookAtItem, heading: "similarity" }),
    );
    mark([{ item: labelOf(hit) }], found.items);
  }
  history.replaceState(null, "", `#${hit.kind}=${encoded(labelOf(hit))}`);
}

searchField(at("search"), at("search-hits"), { choose: (hit) => look(hit) });

// ---- a basket

const basket = new Map();

function like(hit) {
  if (!basket.has(labelOf(hit))) basket.set(labelOf(hit), { ...hit, label: labelOf(hit), weight: 1 });
  showBasket();
}

function showBasket() {
  at("basket").replaceChildren(...[...basket.values()].map((liked) => {
    const weight = element("input", { type: "number", value: liked.weight, min: "0", step: "any", "aria-label": `How much ${called(liked)}` });
    weight.addEventListener("change", () => { liked.weight = Number(weight.value) || 0; answerBasket(); });
    const remove = element("button", { type: "button", "aria-label": `Remove ${called(liked)}`, onclick: () => { basket.delete(liked.label); showBasket(); } }, "×");
    return element("li", {}, element("button", { type: "button", class: "link", onclick: () => lookAtItem(liked) }, called(liked)), weight, remove);
  }));
  answerBasket();
}

let baskets = 0;

async function answerBasket() {
  const mine = ++baskets;
  tell("");
  const likes = [...basket.values()].map(({ label, weight }) => ({ item: label, weight }));
  if (!likes.length) return at("answer").replaceChildren(begin("You might like", popular, like));
  const found = await ask("look/basket", { likes, n: 10 });
  if (!found || mine !== baskets) return;
  at("answer").replaceChildren(
    element("h3", {}, "Then you may like"),
    itemsTable(found.items, { look: lookAtItem, showReasons: true }),
  );
  mark(likes, found.items);
}

searchField(at("like"), at("like-hits"), { onlyItems: true, choose: like });

// Something to begin with.
let popular = [];
const begin = (title, things, choose) => element("div", {}, element("p", { class: "note" }, `${title}:`),
  element("div", { class: "begin" }, ...things.map((thing) => element("button", { type: "button", class: "link", onclick: () => choose(thing) }, called(thing)))));

// ---- the map

map = new Scatter(at("map-canvas"), at("map-tip"), { choose: (point) => lookAtItem(point) });
document.querySelectorAll("[data-zoom]").forEach((button) => button.addEventListener("click", () => map.zoom(Number(button.dataset.zoom))));
let onMap = new Map(), marked = [[], []];

function mark(own, near) {
  marked = [own, near];
  const marks = new Map();
  for (const [things, kind] of [[near, "near"], [own, "mark"]]) {
    for (const thing of things) {
      const point = onMap.get(String(labelOf(thing)));
      if (point) marks.set(point, kind);
    }
  }
  map.mark(marks);
}

async function drawMap() {
  const drawn = await ask("look/map");
  if (!drawn) return;
  const most = Math.max(...drawn.items.map((item) => item.count), 1);
  const points = drawn.items.map((item) => ({
    ...item, name: called(item), size: 1.6 + 4 * Math.sqrt(item.count / most), text: `${called(item)}: ${count(item.count, "user")}`, label: item.item,
  }));
  onMap = new Map(points.map((point) => [String(point.item), point]));
  map.show(points);
  mark(...marked);
  const all = drawn.items.length === drawn.of ? `All ${whole(drawn.of)} items` : `The ${whole(drawn.items.length)} of ${whole(drawn.of)} items that most users have`;
  at("map-note").textContent = `${all}; larger points have more users.${drawn.final ? "" : " A better drawing is being made …"}`;
  at("map-canvas").dataset.final = drawn.final;
  if (!drawn.final) setTimeout(drawMap, 2000);
}

// ---- popularity

async function drawPopularity() {
  const found = await ask("look/popularity");
  if (!found) return;
  const low = 10 ** Math.floor(Math.log10(Math.min(...found.items.map((item) => Math.min(item.had || 1, item.got || 1)), 0.1)));
  const axes = partAxes(low, ["part of users who have it", "part of users to whom it is recommended"]);
  popularity = new Scatter(at("popularity-canvas"), at("popularity-tip"), { axes: axes.draw, choose: (point) => lookAtItem(point), moves: false });
  popularity.show(found.items.map((item) => ({
    ...item, x: axes.at(item.had), y: axes.at(item.got), size: 3.2, name: called(item),
    text: `${called(item)}: ${percent(item.had)} have it, ${percent(item.got)} get it`,
  })));
  at("popularity-note").textContent = `Each point is an item: how many users have it, and in how many of the lists of ${whole(found.length)} of ${count(found.asked, "user")} it is. ` +
    `Above the dashed line it is recommended to more than have it. ${percent(found.never)} of all items are in none of these lists.`;
  const rows = found.items.slice(0, 100).map((item) => element("tr", {}, element("td", {}, called(item)),
    element("td", { class: "number" }, percent(item.had)), element("td", { class: "number" }, percent(item.got))));
  at("popularity-table").replaceChildren(element("table", {},
    element("thead", {}, element("tr", {}, element("th", { scope: "col" }, "item"), element("th", { scope: "col", class: "number" }, "have it"), element("th", { scope: "col", class: "number" }, "get it"))),
    element("tbody", {}, ...rows)));
}

// ---- all of it

const overview = await ask("look/overview");
if (overview) {
  popular = overview.popular;
  at("facts").textContent = `${overview.model} of ${count(overview.users, "user")} and ${count(overview.items, "item")}, ${whole(overview.entries)} entries`;
  const someone = overview.someone.map((label) => ({ kind: "user", label }));
  at("about").replaceChildren(begin("Items that most have", popular, lookAtItem), begin("Users like many others", someone, look));
  at("answer").replaceChildren(begin("You might like", popular, like));
  const [kind, label] = new URLSearchParams(location.hash.slice(1).replaceAll("+", "%2B")).entries().next().value ?? [];
  if (label && ["user", "item"].includes(kind)) look({ kind, label });
  drawMap();
  drawPopularity();
}
