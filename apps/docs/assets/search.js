// Search over every section of the documentation. All it needs is fetched when somebody first looks for something.
/** The build puts the library beside this file. */
const LIBRARY = new URL("./minisearch.js", import.meta.url).href;
const FOUND_MAX = 8;
const AROUND = 70;
const form = document.getElementById("search");
const input = document.getElementById("query");
const list = document.getElementById("found");
const none = document.getElementById("found-none");

let index;
const load = () => {
  index ??= Promise.all([import(LIBRARY), fetch("/docs/search.json")]).then(async ([library, answer]) => {
    if (!answer.ok) throw new Error(`search.json: ${answer.status}`);
    const { default: MiniSearch } = library;
    const search = new MiniSearch({
      fields: ["title", "page", "text"],
      storeFields: ["title", "page", "text"],
      searchOptions: {
        boost: { title: 4, page: 2 },
        prefix: true,
        fuzzy: (word) => (word.length > 5 ? 0.2 : 0),
        combineWith: "AND",
      },
    });
    search.addAll(await answer.json());
    return search;
  });
  index.catch(() => {
    index = undefined;
  });
  return index;
};

/** The words around the first that was found. */
function excerpt({ text, terms }) {
  const lower = text.toLowerCase();
  const places = terms.map((term) => lower.indexOf(term)).filter((place) => place >= 0);
  if (places.length === 0) return text.slice(0, 2 * AROUND);
  const from = Math.max(0, Math.min(...places) - AROUND);
  return `${from > 0 ? "…" : ""}${text.slice(from, from + 2 * AROUND)}…`;
}

function option(found, at) {
  const item = document.createElement("li");
  item.id = `found-${at}`;
  item.role = "option";
  item.ariaSelected = "false";
  item.dataset.href = found.id;
  const title = document.createElement("strong");
  title.textContent = found.title;
  const page = document.createElement("span");
  page.textContent = found.title === found.page ? "" : found.page;
  const words = document.createElement("small");
  words.textContent = excerpt(found);
  item.append(title, " ", page, words);
  item.addEventListener("click", () => go(at));
  return item;
}

const options = () => [...list.children];
const chosen = () => options().findIndex((item) => item.ariaSelected === "true");

function choose(at) {
  for (const [place, item] of options().entries()) item.ariaSelected = String(place === at);
  const item = list.children[at];
  if (item === undefined) input.removeAttribute("aria-activedescendant");
  else {
    input.setAttribute("aria-activedescendant", item.id);
    item.scrollIntoView({ block: "nearest" });
  }
}

function show(open) {
  list.hidden = !open || list.children.length === 0;
  none.hidden = !open || none.textContent === "";
  input.ariaExpanded = String(!list.hidden);
}

async function look() {
  const text = input.value.trim();
  let found = [];
  none.textContent = "";
  if (text !== "") {
    try {
      const search = await load();
      // Somebody types on while the index comes.
      if (text !== input.value.trim()) return;
      found = search.search(text).slice(0, FOUND_MAX);
      if (found.length === 0) none.textContent = "Nothing found.";
    } catch {
      none.textContent = "The search could not be loaded.";
    }
  }
  list.replaceChildren(...found.map(option));
  choose(-1);
  show(true);
}

function go(at) {
  const { href } = list.children[at]?.dataset ?? {};
  if (href === undefined) return;
  show(false);
  location.assign(href);
}

input.addEventListener("focus", () => {
  load().catch(() => {});
  show(true);
});
input.addEventListener("input", look);
input.addEventListener("keydown", (event) => {
  const count = list.children.length;
  if (event.key === "Escape") show(false);
  if ((event.key === "ArrowDown" || event.key === "ArrowUp") && count > 0) {
    event.preventDefault();
    show(true);
    choose((chosen() + (event.key === "ArrowDown" ? 1 : -1) + count) % count);
  }
});
form.addEventListener("submit", (event) => {
  event.preventDefault();
  go(Math.max(0, chosen()));
});
addEventListener("pointerdown", ({ target }) => {
  if (!form.contains(target)) show(false);
});
form.addEventListener("focusout", ({ relatedTarget }) => {
  if (relatedTarget !== null && !form.contains(relatedTarget)) show(false);
});
addEventListener("keydown", (event) => {
  const typing = /^(INPUT|TEXTAREA|SELECT)$/.test(document.activeElement?.tagName ?? "");
  if (event.key !== "/" || typing || event.ctrlKey || event.metaKey || event.altKey) return;
  event.preventDefault();
  input.focus();
});
form.hidden = false;
