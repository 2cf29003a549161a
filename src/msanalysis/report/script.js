"use strict";

// --- the menu is open where there is room for it ---
const menu = document.querySelector(".menu");
const wide = matchMedia("(min-width: 60.01rem)");
const setMenu = () => { menu.open = wide.matches; };
wide.addEventListener("change", setMenu);
setMenu();

// --- what an address points at may be folded away ---
function unfold() {
  const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (target instanceof HTMLDetailsElement) target.open = true;
}
addEventListener("hashchange", unfold);
unfold();

// --- the link to the other language keeps the place ---
function place() {
  if (scrollY < 1) return "";
  const top = parseFloat(getComputedStyle(document.documentElement).scrollPaddingTop) + 40;
  const passed = [...document.querySelectorAll("main [id]")].filter(
    (each) => each.getClientRects().length && each.getBoundingClientRect().top <= top);
  return passed.length ? passed[passed.length - 1].id : "";
}
for (const link of document.querySelectorAll(".twin")) {
  link.addEventListener("click", () => { link.hash = place(); });
}

// --- search ---
const search = document.querySelector(".search");
const input = search.querySelector("input");
const found = search.querySelector(".found");
const MOST = 30;
const plain = (text) => text.toLowerCase().normalize("NFKD").replace(/\p{M}/gu, "");
const indexed = SEARCH.map((entry) => ({ entry, text: plain(entry.slice(0, 3).join(" ")) }));

function item([label, text, belongs, address]) {
  const link = document.createElement("a");
  link.href = document.documentElement.dataset.root + address;
  link.append(Object.assign(document.createElement("b"), { textContent: label }), ` ${text}`);
  link.append(Object.assign(document.createElement("small"), { textContent: belongs }));
  const held = document.createElement("li");
  held.append(link);
  return held;
}
function show() {
  const words = plain(input.value).split(/\s+/).filter(Boolean);
  const hits = indexed.filter(({ text }) => words.every((word) => text.includes(word)));
  const status = found.querySelector("p");
  const { none, one, some } = status.dataset;
  status.textContent = [none, one][hits.length] ?? some.replace("{}", hits.length);
  found.querySelector("ul").replaceChildren(...hits.slice(0, MOST).map(({ entry }) => item(entry)));
  found.hidden = !words.length;
}
search.hidden = false;
input.addEventListener("input", show);
input.addEventListener("focus", show);
search.addEventListener("keydown", (event) => {
  const links = [...found.querySelectorAll("a")];
  const at = links.indexOf(document.activeElement);
  if (event.key === "Escape") { input.focus(); found.hidden = true; }
  else if (event.key === "ArrowDown" && links.length) links[Math.min(at + 1, links.length - 1)].focus();
  else if (event.key === "ArrowUp") (links[at - 1] ?? input).focus();
  else return;
  event.preventDefault();
});
search.addEventListener("focusout", (event) => {
  if (!search.contains(event.relatedTarget)) found.hidden = true;
});
found.addEventListener("click", () => { found.hidden = true; });

// --- interactive figures: the library is read when somebody asks for it ---
function load(address) {
  return new Promise((resolve, reject) => {
    const script = Object.assign(document.createElement("script"), { src: address });
    script.addEventListener("load", resolve);
    script.addEventListener("error", reject);
    document.head.append(script);
  });
}
for (const button of document.querySelectorAll("button[data-shows]")) {
  const drawing = document.getElementById(button.dataset.shows);
  const on = button.textContent;
  button.hidden = false;
  button.addEventListener("click", async () => {
    const opens = drawing.parentElement.hidden;
    drawing.parentElement.hidden = !opens;
    drawing.closest("figure").querySelector(".picture").hidden = opens;
    button.textContent = opens ? button.dataset.off : on;
    if (!opens || drawing.hasChildNodes()) return;
    if (!window.Plotly) await load(drawing.dataset.library);
    await load(drawing.dataset.drawing);
  });
}
