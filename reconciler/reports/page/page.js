"use strict";
(() => {
  const data = JSON.parse(document.getElementById("plan").textContent);
  const FIRST = 120, CHUNK = 400, PER_CAUSE = 50, FEW = 25, IN_ROW = 2, NAMES = 3;
  const KINDS = ["lose", "gain", "change", "group"];
  const SYMBOLS = {create: "+", adopt: ">", update: "~", reactivate: "↑", deactivate: "-", delete: "✗"};
  const byId = (id) => document.getElementById(id);
  const count = (number) => number.toLocaleString("en");

  // Whatever the plan says becomes text, never markup: children are appended as text nodes or elements of ours.
  const make = (tag, attributes, ...children) => {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes || {})) {
      if (value !== null && value !== undefined && value !== false) element.setAttribute(name, value === true ? "" : value);
    }
    element.append(...children.filter((child) => child !== null && child !== undefined));
    return element;
  };

  // --- what the page says above the changes

  const table = (head, rows) => {
    const kept = head.map((_, at) => at).filter((at) => rows.some((row) => row[at] !== "" && row[at] !== null));
    const numeric = (at) => (head[at].endsWith(":") ? "number" : null);
    const cells = (row) => kept.map((at) => make("td", {class: numeric(at)}, typeof row[at] === "number" ? count(row[at]) : row[at]));
    return [
      make("thead", {}, make("tr", {}, ...kept.map((at) => make("th", {scope: "col", class: numeric(at)}, head[at].replace(/:$/, ""))))),
      make("tbody", {}, ...rows.map((row) => make("tr", {}, ...cells(row)))),
    ];
  };

  const placed = (text, address) => (address ? make("a", {href: address, rel: "noreferrer"}, text) : text);

  const copier = (text, label) => {
    const button = make("button", {type: "button", class: "copy", "aria-label": label}, "Copy");
    button.addEventListener("click", () => copy(button, text));
    return button;
  };
  const copy = async (button, text) => {
    let said = "Copied";
    try { await navigator.clipboard.writeText(text); } catch { said = "Select and copy by hand"; }
    button.textContent = said;
    setTimeout(() => { button.textContent = "Copy"; }, 1500);
  };

  const fillTop = () => {
    for (const alert of data.alerts) {
      const box = make("div", {class: `alert ${alert.severity}`}, make("strong", {}, alert.target), ` ${alert.text}`);
      if (alert.budgets.length) {
        const rows = alert.budgets.map(([rule, planned, limit, of]) => [make("code", {}, rule), planned, limit, of]);
        box.append(make("table", {}, ...table(["budget", "planned:", "allowed:", "of:"], rows)));
        box.append(make("p", {}, "To agree to exactly these changes, write into the approvals of the desired state:"));
        for (const line of alert.approvals) {
          box.append(make("div", {class: "approval"}, make("code", {}, line), copier(line, "Copy this approval")));
        }
      }
      byId("alerts").append(box);
    }
    byId("alerts").hidden = !data.alerts.length;
    byId("targets").append(...table(
      ["target", "state", "endpoint", "users live:", "groups live:", "unmanaged:", "changes:", "members:", "requests:", "seconds:"],
      data.targets.map((t) => [
        make("strong", {}, t.name), make("span", {class: t.bad ? "bad" : "dim"}, t.verdict), make("code", {}, t.url), t.users, t.groups,
        t.unmanaged, t.changes, t.members, t.requests, t.seconds,
      ]),
    ));
    byId("targets-title").textContent = data.targets.length === 1 ? [data.targets[0].name, data.targets[0].url].filter(Boolean).join(" · ") : `${count(data.targets.length)} targets`;
    byId("targets-box").open = data.targets.length > 1 || !data.changes.length;
    byId("findings-title").textContent = data.tally;
    byId("findings").open = data.findings.length <= 3 || data.findings.some((finding) => finding.severity === "error");
    byId("findings").hidden = !data.findings.length;
    byId("findings-list").append(...data.findings.map((finding) => make("li", {},
      make("span", {class: finding.severity}, finding.severity), " ", make("code", {}, finding.code), data.targets.length > 1 ? ` ${finding.target}` : null,
      make("div", {}, finding.text, " ", finding.place ? make("span", {class: "place"}, placed(finding.place, finding.address)) : null))));
    for (const button of document.querySelectorAll("[data-copies]")) {
      button.addEventListener("click", () => copy(button, byId(button.dataset.copies).textContent));
    }
  };

  // --- a change: a row, and what it holds once it is opened

  const value = (given, style) => {
    if (given === null) return make("span", {class: "none"}, "nothing");
    const text = Array.isArray(given) ? given.join(", ") : given;
    return make("span", {class: `value ${style}`}, text === "" ? "\u201c\u201d" : text);
  };
  const arrow = ([path, before, after], isNew) => isNew
    ? [make("span", {class: "path"}, data.paths[path]), ": ", value(after, "after")]
    : [make("span", {class: "path"}, data.paths[path]), ": ", value(before, "before"), " → ", value(after, "after")];

  const what = (change) => {
    const parts = [];
    const isByPath = change.action === "update" || change.action === "adopt";
    if (!isByPath) parts.push(change.brief);
    const called = change.action === "create" && change.type === "User" && change.attributes.find(([path]) => data.paths[path] === "displayName");
    if (called && called[2] !== null) parts.push(make("span", {class: "dim"}, `  ·  ${[called[2]].flat().join(", ")}`));
    if (isByPath) {
      change.attributes.slice(0, IN_ROW).forEach((attribute, at) => parts.push(at ? "  ·  " : "", ...arrow(attribute)));
      if (change.attributes.length > IN_ROW) parts.push(`  and ${change.attributes.length - IN_ROW} more`);
    }
    for (const [sign, names, style] of [["-", change.remove, "remove"], ["+", change.add, "add"]]) {
      if (!names.length) continue;
      const rest = names.length > NAMES ? ` and ${count(names.length - NAMES)} more` : "";
      parts.push(parts.length ? "  ·  " : "", make("span", {class: style}, `${sign} ${names.slice(0, NAMES).join(", ")}${rest}`));
    }
    if (change.note) parts.push(make("span", {class: "drifted"}, `  (${change.note})`));
    if (change.drifted) parts.push(make("span", {class: "drifted"}, `  ← ${change.drifted}`));
    return parts;
  };

  const row = (index) => {
    const change = data.changes[index];
    const button = make("button", {type: "button", class: "row", "aria-expanded": "false"},
      make("span", {class: "action"}, make("i", {"aria-hidden": "true"}, SYMBOLS[change.action]), change.action),
      make("span", {class: "name", title: change.name}, change.name, data.targets.length > 1 ? make("span", {class: "tag"}, data.targets[change.target].name) : null),
      make("span", {class: "what"}, ...what(change)),
      make("span", {class: "place"}, change.place || ""));
    const item = make("li", {class: `item ${change.action}`, "data-index": index}, button);
    button.addEventListener("click", () => toggle(item, button, change));
    return item;
  };

  const toggle = (item, button, change) => {
    const isOpen = button.getAttribute("aria-expanded") === "true";
    let detail = item.querySelector(".detail");
    if (!detail) {
      detail = make("div", {class: "detail", id: `detail-${item.dataset.index}`, role: "region", "aria-label": change.name}, ...details(change));
      item.append(detail);
      button.setAttribute("aria-controls", detail.id);
    }
    detail.hidden = isOpen;
    button.setAttribute("aria-expanded", String(!isOpen));
  };

  const details = (change) => {
    const facts = [
      ["why", change.why], ["where", change.place ? placed(change.place, change.address) : null], ["cause", change.drifted || null],
      ["key", make("code", {}, change.key)], ["id", change.id === null ? null : make("code", {}, change.id)], ["target", data.targets[change.target].name],
    ];
    const parts = [make("dl", {}, ...facts.filter(([, fact]) => fact !== null).map(([name, fact]) => make("div", {}, make("dt", {}, name), make("dd", {}, fact))))];
    if (change.attributes.length) {
      const rows = change.attributes.map(([path, before, after]) => [make("span", {class: "path"}, data.paths[path]), value(before, "before"), value(after, "after")]);
      const head = change.action === "create" ? ["attribute", "value"] : ["attribute", "before", "after"];
      const shown = change.action === "create" ? rows.map(([path, , after]) => [path, after]) : rows;
      parts.push(make("div", {class: "scroll"}, make("table", {}, ...table(head, shown))));
    }
    for (const [title, names, sign, style] of [["leave", change.remove, "-", "remove"], ["join", change.add, "+", "add"]]) {
      if (names.length) parts.push(make("div", {}, make("span", {class: "dim"}, `${count(names.length)} ${title}`), make("ul", {}, ...names.map((name) => make("li", {class: style}, `${sign} ${name}`)))));
    }
    for (const request of change.requests) parts.push(make("pre", {}, request));
    return parts;
  };

  // --- which changes are shown

  const nothing = () => ({terms: [], kinds: new Set(), actions: new Set(), target: "", type: "", origin: "", cause: ""});
  let filter = nothing();
  const haystack = (change) => change.haystack ??= [
    change.name, change.key, change.id, change.why, change.place, change.drifted, change.action, data.targets[change.target].name, ...change.add, ...change.remove,
    ...change.attributes.flatMap(([path, before, after]) => [data.paths[path], before, after].flat()),
  ].join("\n").toLowerCase();

  const isShown = (change) =>
    (!filter.kinds.size || filter.kinds.has(change.kind)) && (!filter.actions.size || filter.actions.has(change.action)) &&
    (filter.target === "" || change.target === Number(filter.target)) && (filter.type === "" || change.type === filter.type) &&
    (filter.origin === "" || change.origin === filter.origin) && (filter.cause === "" || change.cause === Number(filter.cause)) &&
    filter.terms.every((term) => haystack(change).includes(term));

  const list = byId("list");
  const opened = new Set(); // causes of which all changes are shown
  let rows = [], pending = [], turn = 0, current = -1;

  const plan = () => {
    const entries = [];
    let origin = null, total = 0;
    for (const section of data.sections) {
      const causes = section.causes.map((cause) => ({id: cause.id, label: cause.label, changes: cause.changes.filter((at) => isShown(data.changes[at]))})).filter((cause) => cause.changes.length);
      const size = causes.reduce((sum, cause) => sum + cause.changes.length, 0);
      if (!size) continue;
      if (section.origin !== origin) entries.push({origin: section.heading});
      origin = section.origin;
      total += size;
      entries.push({section: section.title, size});
      for (const cause of causes) {
        if (size > FEW) entries.push({cause});
        const most = opened.has(cause.id) || cause.changes.length <= PER_CAUSE + 10 ? cause.changes.length : PER_CAUSE;
        for (const at of cause.changes.slice(0, most)) entries.push({change: at});
        if (most < cause.changes.length) entries.push({more: cause, left: cause.changes.length - most});
      }
    }
    return {entries, total};
  };

  const show = () => {
    const {entries, total} = plan();
    list.replaceChildren();
    rows = [];
    current = -1;
    pending = entries;
    place = null;
    const mine = ++turn;
    append(FIRST);
    byId("nothing").hidden = total > 0 || !data.changes.length;
    byId("count").textContent = total === data.changes.length ? `${count(total)} changes` : `${count(total)} of ${count(data.changes.length)} changes`;
    byId("reset").hidden = total === data.changes.length;
    const go = () => {
      if (mine !== turn || !pending.length) return;
      append(CHUNK);
      setTimeout(go, 15);
    };
    setTimeout(go, 80); // after the first of them can be seen
  };

  let place = null;
  const append = (most) => {
    for (const entry of pending.splice(0, most)) {
      if (entry.origin !== undefined) {
        if (entry.origin) list.append(make("h2", {class: "origin"}, entry.origin));
      } else if (entry.section !== undefined) {
        place = make("section", {"aria-label": entry.section}, make("h3", {}, `${entry.section} `, make("span", {class: "dim"}, count(entry.size))));
        list.append(place);
      } else if (entry.cause) {
        place.append(make("h4", {class: "cause"}, make("b", {}, count(entry.cause.changes.length)), make("span", {title: entry.cause.label}, entry.cause.label)));
      } else if (entry.more) {
        const button = make("button", {type: "button", class: "more"}, `Show ${count(entry.left)} more`);
        button.addEventListener("click", () => openCause(entry.more, button));
        place.append(button);
      } else {
        if (place.lastChild.nodeName !== "OL") place.append(make("ol", {}));
        const item = row(entry.change);
        place.lastChild.append(item);
        rows.push(item.firstChild);
      }
    }
    list.setAttribute("aria-busy", String(pending.length > 0));
  };

  const openCause = (cause, button) => {
    const at = rows.findIndex((row) => row.compareDocumentPosition(button) & Node.DOCUMENT_POSITION_PRECEDING);
    opened.add(cause.id);
    const scroll = window.scrollY;
    show();
    const next = at < 0 ? rows.length : at;
    while (rows.length <= next && pending.length) append(CHUNK);
    window.scrollTo(0, scroll);
    move(next - current);
  };

  // --- filters

  const chip = (set, key, title, ...children) => {
    const button = make("button", {type: "button", "aria-pressed": "false", class: key, title}, ...children);
    button.addEventListener("click", () => {
      set().has(key) ? set().delete(key) : set().add(key);
      button.setAttribute("aria-pressed", String(set().has(key)));
      show();
    });
    return button;
  };

  const choice = (name, label, options) => {
    if (options.length < 2) return null;
    const select = make("select", {"aria-label": label}, make("option", {value: ""}, label), ...options.map(([key, text]) => make("option", {value: key}, text)));
    select.addEventListener("change", () => { filter[name] = select.value; show(); });
    return select;
  };

  const fillFilters = () => {
    const tally = (key, among) => data.changes.filter((change) => change[among] === key).length;
    for (const kind of KINDS) {
      const changes = data.changes.filter((change) => change.kind === kind);
      const drifted = changes.filter((change) => change.origin === "drift").length;
      const also = drifted ? make("span", {class: "drifted"}, `${count(drifted)} drifted before`) : null;
      const button = chip(() => filter.kinds, kind, null, make("b", {class: changes.length > drifted ? null : "zero"}, count(changes.length - drifted)), make("span", {}, data.kinds[kind]), also);
      button.disabled = !changes.length;
      byId("kinds").append(button);
    }
    const actions = Object.keys(SYMBOLS).filter((action) => tally(action, "action"));
    if (actions.length > 1) byId("actions").append(...actions.map((action) => chip(() => filter.actions, action, null, `${action} `, make("span", {class: "dim"}, count(tally(action, "action"))))));
    const causes = data.sections.flatMap((section) => section.causes).sort((one, other) => other.changes.length - one.changes.length);
    const selects = [
      choice("target", "All targets", data.targets.map((target, at) => [at, target.name])),
      choice("type", "People and groups", [["User", "People"], ["Group", "Groups"]].filter(([type]) => tally(type, "type"))),
      choice("origin", "Edit and drift", [["edit", "This edit"], ["drift", "Drifted before"]].filter(([origin]) => tally(origin, "origin"))),
      choice("cause", "All causes", causes.slice(0, 200).map((cause) => [cause.id, `${cause.label} (${count(cause.changes.length)})`])),
    ];
    byId("selects").append(...selects.filter((select) => select));
    byId("reset").addEventListener("click", reset);
    byId("search").addEventListener("input", () => { waiting ||= requestAnimationFrame(follow); });
  };

  let waiting = 0;
  const follow = () => {
    cancelAnimationFrame(waiting);
    waiting = 0;
    filter.terms = byId("search").value.toLowerCase().split(/\s+/).filter(Boolean);
    show();
  };

  const reset = () => {
    filter = nothing();
    byId("search").value = "";
    for (const select of document.querySelectorAll(".selects select")) select.value = "";
    for (const button of document.querySelectorAll("[aria-pressed]")) button.setAttribute("aria-pressed", "false");
    show();
  };

  // --- keys, theme, paper

  const move = (steps) => {
    const at = rows.indexOf(document.activeElement?.closest?.(".item")?.firstChild);
    current = Math.max(0, Math.min(rows.length - 1, (at >= 0 ? at : current) + steps));
    while (current >= rows.length - 1 && pending.length) append(CHUNK);
    rows[current]?.focus();
    rows[current]?.scrollIntoView({block: "nearest"});
  };

  const escape = () => {
    const active = document.activeElement;
    if (active === byId("search") && byId("search").value === "") return active.blur();
    const open = active?.closest?.(".item")?.querySelector('.row[aria-expanded="true"]');
    if (open) { open.click(); return open.focus(); }
    reset();
    if (active === byId("search")) active.blur();
  };

  const listen = () => {
    document.addEventListener("keydown", (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey || byId("help").open) return;
      const isTyping = event.target.matches?.("input, select");
      const does = {j: () => move(1), k: () => move(-1), "/": () => byId("search").select(), "?": () => byId("help").showModal()};
      if (event.key === "Escape") { event.preventDefault(); escape(); }
      else if (event.key === "Enter" && event.target === byId("search")) { follow(); move(1); }
      else if (!isTyping && does[event.key]) { event.preventDefault(); does[event.key](); }
    });
    byId("help-open").addEventListener("click", () => byId("help").showModal());
    const system = matchMedia("(prefers-color-scheme: dark)");
    const isDark = () => (document.documentElement.dataset.theme || (system.matches ? "dark" : "light")) === "dark";
    const name = () => { byId("theme").textContent = isDark() ? "Light" : "Dark"; };
    const remember = (theme) => { try { localStorage.setItem("reconcile-theme", theme); } catch { /* a file may have no storage */ } };
    try { document.documentElement.dataset.theme = localStorage.getItem("reconcile-theme") || ""; } catch { /* the same */ }
    byId("theme").addEventListener("click", () => {
      document.documentElement.dataset.theme = isDark() ? "light" : "dark";
      remember(document.documentElement.dataset.theme);
      name();
    });
    system.addEventListener("change", name);
    name();
    addEventListener("beforeprint", () => {
      for (const section of data.sections) for (const cause of section.causes) opened.add(cause.id);
      show();
      append(pending.length);
    });
  };

  fillTop();
  if (data.changes.length) { fillFilters(); show(); } else { byId("changes").hidden = byId("kinds").hidden = true; document.querySelector(".skip").hidden = true; }
  listen();
})();
