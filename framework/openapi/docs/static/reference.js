/* Search as you type, the theme, copying, and the chosen language of the samples. Everything is read without it. */
"use strict";

(function () {
  const root = document.documentElement;
  const words = JSON.parse(document.body.dataset.words);

  function remember(name, value) {
    try {
      localStorage.setItem(name, value);
    } catch {
      /* Storage is forbidden: the choice lasts as long as the page. */
    }
  }

  function recall(name) {
    try {
      return localStorage.getItem(name);
    } catch {
      return null;
    }
  }

  function make(tag, properties, ...children) {
    const node = Object.assign(document.createElement(tag), properties);
    node.append(...children);
    return node;
  }

  /* Theme */

  const theme = document.querySelector("button.theme");
  theme.hidden = false;
  theme.addEventListener("click", () => {
    const isDark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    root.dataset.theme = isDark ? "light" : "dark";
    remember("docs-theme", root.dataset.theme);
  });

  /* Samples: the language that is chosen in one place is chosen everywhere. */

  function choose(language) {
    for (const radio of document.querySelectorAll(".tabs input")) {
      if (radio.value === language) {
        radio.checked = true;
      }
    }
  }

  document.addEventListener("change", (event) => {
    if (event.target.matches(".tabs input") && ["curl", "httpie", "httpx", "fetch"].includes(event.target.value)) {
      const before = event.target.getBoundingClientRect().top;
      choose(event.target.value);
      scrollBy({ top: event.target.getBoundingClientRect().top - before, behavior: "instant" });
      remember("docs-language", event.target.value);
    }
  });
  const language = recall("docs-language");
  if (language) {
    choose(language);
  }

  /* Copying */

  function copyButton(textOf) {
    const button = make("button", { type: "button", className: "copy", textContent: words.copy });
    button.addEventListener("click", async () => {
      try {
        await navigator.clipboard.writeText(textOf());
        button.textContent = words.copied;
        setTimeout(() => (button.textContent = words.copy), 1500);
      } catch {
        getSelection().selectAllChildren(button.parentNode.querySelector("pre"));
      }
    });
    return button;
  }

  if (navigator.clipboard) {
    for (const tabs of document.querySelectorAll(".tabs")) {
      const panes = [...tabs.querySelectorAll("pre")];
      tabs.append(copyButton(() => panes.find((pane) => pane.offsetParent).textContent));
    }
    for (const pre of document.querySelectorAll("main pre:not(.panes pre)")) {
      const holder = make("div", { className: "holder" });
      pre.replaceWith(holder);
      holder.append(
        pre,
        copyButton(() => pre.textContent),
      );
    }
  }

  /* The menu of a phone closes when a link in it is followed; the switch of documents when another thing is clicked. */

  const menu = document.getElementById("menu");
  document.querySelector(".side").addEventListener("click", (event) => {
    if (event.target.closest("a")) {
      menu.checked = false;
    }
  });
  document.addEventListener("click", (event) => {
    for (const each of document.querySelectorAll("details.switch[open]")) {
      if (!each.contains(event.target)) {
        each.open = false;
      }
    }
  });

  /* What an address leads to is opened, and marked in the navigation. */

  function arrive() {
    for (const each of document.querySelectorAll(".side a[aria-current]")) {
      each.removeAttribute("aria-current");
    }
    for (const each of document.querySelectorAll(".side a")) {
      if (each.href === location.href) {
        each.setAttribute("aria-current", location.hash ? "true" : "page");
      }
    }
    const goal = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    for (let each = goal; each; each = each.parentElement) {
      if (each.tagName === "DETAILS") {
        each.open = true;
      }
    }
  }
  addEventListener("hashchange", arrive);
  arrive();

  addEventListener("beforeprint", () => {
    for (const each of document.querySelectorAll("main details:not([open])")) {
      each.open = true;
    }
  });

  /* Search */

  const form = document.querySelector("form.search");
  const address = document.body.dataset.index;
  if (!form || !address) {
    return;
  }
  const input = form.querySelector("input");
  const list = make("ul", { className: "found", id: "found", hidden: true });
  const status = make("div", { className: "unseen" });
  let entries = null;
  let chosen = -1;
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", input.getAttribute("aria-label"));
  status.setAttribute("role", "status");
  form.hidden = false;
  form.append(list, status);
  input.placeholder += " ( / )";
  for (const [name, value] of [["role", "combobox"], ["aria-controls", "found"], ["aria-expanded", "false"], ["aria-autocomplete", "list"]]) {
    input.setAttribute(name, value);
  }

  /* Return how well an entry fits: less is better, null is not at all. All words must be in it. */
  function fit(entry, wanted) {
    const title = entry[1].toLowerCase();
    const all = `${entry[0]} ${entry[1]} ${entry[2]}`.toLowerCase();
    let sum = 0;
    for (const word of wanted) {
      const at = title.indexOf(word);
      if (at < 0 && !all.includes(word)) {
        return null;
      }
      sum += at === 0 ? 0 : at > 0 ? (/\w/.test(title[at - 1]) ? 2 : 1) : 3;
    }
    return sum;
  }

  function choosing(index) {
    const rows = [...list.children];
    chosen = rows.length ? (index + rows.length) % rows.length : -1;
    rows.forEach((row, at) => row.setAttribute("aria-selected", String(at === chosen)));
    if (chosen >= 0) {
      rows[chosen].scrollIntoView({ block: "nearest" });
      input.setAttribute("aria-activedescendant", rows[chosen].id);
    } else {
      input.removeAttribute("aria-activedescendant");
    }
  }

  function close() {
    list.hidden = true;
    chosen = -1;
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
  }

  function go(row) {
    close();
    input.value = "";
    menu.checked = false;
    location.assign(row.dataset.to);
    const goal = document.getElementById(decodeURIComponent(new URL(row.dataset.to, location.href).hash.slice(1)));
    if (goal) {
      goal.tabIndex = -1;
      goal.focus({ preventScroll: true });
    }
  }

  function show() {
    const wanted = input.value.toLowerCase().split(/\s+/).filter(Boolean);
    if (!wanted.length || !entries) {
      close();
      return;
    }
    const found = entries
      .map((entry) => [fit(entry, wanted), entry])
      .filter(([sum]) => sum !== null)
      .sort((one, other) => one[0] - other[0])
      .slice(0, 30);
    list.replaceChildren(
      ...found.map(([, entry], at) => {
        const more = make("small", { textContent: [entry[0], entry[2]].filter(Boolean).join(" · ") });
        const row = make("li", { id: `found-${at}` }, entry[1], more);
        row.setAttribute("role", "option");
        row.dataset.to = entry[3];
        row.addEventListener("mousedown", (event) => event.preventDefault());
        row.addEventListener("click", () => go(row));
        return row;
      }),
    );
    status.textContent = found.length ? String(found.length) : words.nothing_found;
    list.hidden = !found.length;
    input.setAttribute("aria-expanded", String(found.length > 0));
    choosing(0);
  }

  async function load() {
    if (entries === null) {
      entries = [];
      try {
        const base = new URL(address, location.href);
        entries = (await (await fetch(base)).json()).map((each) => [...each.slice(0, 3), new URL(each[3], base).href]);
      } catch {
        entries = null;
      }
      show();
    }
  }

  input.addEventListener("focus", load);
  input.addEventListener("input", show);
  input.addEventListener("blur", close);
  input.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      choosing(chosen + (event.key === "ArrowDown" ? 1 : -1));
    } else if (event.key === "Enter" && chosen >= 0) {
      event.preventDefault();
      go(list.children[chosen]);
    } else if (event.key === "Escape") {
      event.preventDefault();
      if (list.hidden) {
        input.blur();
      }
      input.value = "";
      close();
    }
  });
  document.addEventListener("keydown", (event) => {
    const isTyping = event.target.closest("input, textarea, select, [contenteditable]");
    if (event.key === "/" && !isTyping && !event.ctrlKey && !event.metaKey && !event.altKey) {
      event.preventDefault();
      menu.checked = true;
      input.focus();
    }
  });
})();
