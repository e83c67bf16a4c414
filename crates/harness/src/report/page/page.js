"use strict";
const data = JSON.parse(document.getElementById("data").textContent);
const ORDER = ["FAIL", "ERROR", "HARNESS", "WARN", "INCONCLUSIVE", "PENDING", "NOT_RUN", "INFO", "PASS", "N/A"];
const LANES = ["locum", "client", "vendor"];
const several = data.runs.length > 1;

// Texts are set as text: what a vendor sent is never read as markup.
function el(tag, attributes, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes || {})) {
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (value !== null && value !== undefined && value !== false) node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}
const css = (verdict) => verdict.replace("/", "");
const badge = (verdict) => el("span", { class: `badge ${css(verdict)}` }, verdict);
const area = (id) => id.split("-")[0];
const worst = (verdicts) => ORDER.find((word) => verdicts.includes(word)) || "NOT_RUN";

// One row of the page: a requirement at a vendor, with its verdict in each run.
const rows = new Map();
data.runs.forEach((run, at) => {
  for (const verdict of run.verdicts) {
    const key = `${verdict.id}@${verdict.vendor}/${verdict.judge}`;
    if (!rows.has(key)) rows.set(key, { key, first: verdict, of: Array(data.runs.length).fill(null) });
    rows.get(key).of[at] = verdict;
  }
});
const all = [...rows.values()];
for (const row of all) {
  row.verdicts = row.of.map((verdict) => (verdict ? verdict.verdict : "NOT_RUN"));
  row.worst = worst(row.verdicts);
  row.differs = new Set(row.verdicts).size > 1;
  row.text = [row.first.id, row.first.vendor, row.first.level, row.first.requirement,
    ...row.of.filter(Boolean).map((verdict) => verdict.reason)].join(" ").toLowerCase();
}
const vendors = [...new Set(all.map((row) => row.first.vendor))];
const titles = Object.assign({}, ...data.runs.map((run) => run.titles));
const tally = (verdicts) => ORDER.map((word) => [word, verdicts.filter((one) => one === word).length]).filter(([, count]) => count);

const chosen = { words: "", verdicts: new Set(ORDER), vendor: null, differing: false };

function header() {
  const run = data.runs[0];
  const facts = several ? [] : [
    titles[run.vendors[0]] && run.vendors.map((vendor) => titles[vendor] || vendor).join(", "),
    run.subject, run.started, `${(run.duration_ms / 1000).toFixed(1)} s`, `seed ${run.seed}`, `exit ${run.exit_code}`, run.version,
  ];
  return el("header", {},
    el("h1", {}, data.title),
    el("p", { class: "meta" }, facts.filter(Boolean).join(" · ")),
    several ? runs() : counts(run.verdicts.map((verdict) => verdict.verdict)),
    several ? null : el("p", { class: "coverage" }, run.coverage),
    several ? null : run.cascades.map((sentence) => el("p", { class: "coverage" }, sentence)));
}
function counts(verdicts) {
  return el("ul", { class: "counts" }, tally(verdicts).map(([word, count]) => el("li", { class: css(word) }, el("b", {}, String(count)), word)));
}
function runs() {
  const words = ORDER.filter((word) => data.runs.some((run) => run.verdicts.some((one) => one.verdict === word)));
  return el("div", { class: "scroll" }, el("table", { class: "runs" },
    el("thead", {}, el("tr", {}, ["run", "subject", "started", "exit"].map((name) => el("th", {}, name)),
      words.map((word) => el("th", { class: "number" }, word)))),
    el("tbody", {}, data.runs.map((run) => el("tr", {}, el("td", {}, run.name), el("td", {}, run.subject), el("td", {}, run.started),
      el("td", {}, String(run.exit_code)),
      words.map((word) => el("td", { class: "number" }, String(run.verdicts.filter((one) => one.verdict === word).length))))))));
}

function coverage() {
  const areas = data.areas.filter(([letters]) => all.some((row) => area(row.first.id) === letters));
  const bar = (verdicts) => el("div", { class: "bar" }, tally(verdicts).map(([word, count]) =>
    el("span", { class: css(word), style: `flex: ${count}`, title: `${count} ${word}` })));
  return el("section", {}, el("h2", {}, "Coverage by area"), el("div", { class: "areas" }, areas.map(([letters, subject]) => {
    const mine = all.filter((row) => area(row.first.id) === letters);
    const judged = mine.filter((row) => !["N/A", "NOT_RUN", "INCONCLUSIVE", "PENDING"].includes(row.verdicts[0]));
    const foreign = mine.filter((row) => row.verdicts[0] === "N/A");
    return el("div", { class: "area" }, el("a", { href: `#area-${letters}`, title: `${letters} ${subject}` }, `${letters} ${subject}`),
      el("div", { class: "bars" }, data.runs.map((_, at) => bar(mine.map((row) => row.verdicts[at])))),
      el("span", { class: "number" }, `${judged.length} of ${mine.length - foreign.length}`));
  })));
}

function controls() {
  const toggle = (label, pressed, tone, flip) => el("button", {
    class: `toggle ${tone}`, type: "button", "aria-pressed": String(pressed()),
    onclick: (event) => { flip(); event.currentTarget.setAttribute("aria-pressed", String(pressed())); filter(); },
  }, label);
  const words = tally(all.map((row) => row.worst));
  return el("div", { class: "controls" },
    el("input", { type: "search", id: "words", placeholder: "Filter by id, word or reason", "aria-label": "Filter",
      oninput: (event) => { chosen.words = event.target.value.toLowerCase(); filter(); } }),
    words.map(([word, count]) => toggle(`${word} ${count}`, () => chosen.verdicts.has(word), css(word),
      () => (chosen.verdicts.has(word) ? chosen.verdicts.delete(word) : chosen.verdicts.add(word)))),
    vendors.length > 1 ? vendors.map((vendor) => el("button", { class: "toggle vendor", type: "button", "aria-pressed": "false",
      onclick: (event) => {
        chosen.vendor = chosen.vendor === vendor ? null : vendor;
        for (const other of document.querySelectorAll(".vendor")) other.setAttribute("aria-pressed", String(other === event.currentTarget && chosen.vendor !== null));
        filter();
      } }, titles[vendor] || vendor)) : null,
    several ? toggle("only differences", () => chosen.differing, "", () => { chosen.differing = !chosen.differing; }) : null,
    el("span", { class: "soft", id: "shown", role: "status" }));
}
function matches(row) {
  return chosen.words.split(/\s+/).every((word) => row.text.includes(word)) && chosen.verdicts.has(row.worst)
    && (!chosen.vendor || row.first.vendor === chosen.vendor) && (!chosen.differing || row.differs);
}
function filter() {
  let shown = 0;
  for (const row of all) {
    row.node.hidden = !matches(row);
    shown += row.node.hidden ? 0 : 1;
  }
  for (const section of document.querySelectorAll(".rows > section")) section.hidden = !section.querySelector(".row:not([hidden])");
  document.getElementById("shown").textContent = `${shown} of ${all.length}`;
}

function list() {
  const rank = (row) => ORDER.indexOf(row.worst);
  const worstFirst = all.filter((row) => rank(row) < 4).sort((a, b) => rank(a) - rank(b));
  const rest = all.filter((row) => rank(row) >= 4);
  const section = (id, title, mine) => (mine.length ? el("section", { id }, el("h3", {}, title), mine.map(line)) : null);
  return el("section", { class: "rows" }, el("h2", {}, "Requirements"), controls(),
    section("findings", "Findings, worst first", worstFirst),
    data.areas.map(([letters, subject]) => section(`area-${letters}`, `${letters} ${subject}`, rest.filter((row) => area(row.first.id) === letters))));
}
function line(row) {
  const one = row.first;
  row.node = el("details", { class: "row", id: `${one.id}@${one.vendor}` },
    el("summary", {}, el("span", { class: "badges" }, row.verdicts.map(badge)), el("span", { class: "id" }, one.id),
      el("span", { class: "sentence" }, one.requirement),
      el("span", { class: "tags" }, [vendors.length > 1 ? one.vendor : null, one.level, one.overlay].filter(Boolean).join(" · "))));
  row.node.addEventListener("toggle", () => {
    if (row.node.open && !row.node.querySelector(".body")) row.node.append(body(row));
  });
  return row.node;
}
function body(row) {
  const sources = row.first.sources.map((source) => el("dd", {}, source.text, " ", source.address ? el("a", { href: source.address, rel: "noreferrer" }, source.address) : null));
  return el("div", { class: "body" },
    sources.length ? el("dl", {}, el("dt", {}, "source"), el("div", {}, sources)) : null,
    el("div", { class: "sides" }, row.of.map((verdict, at) => (verdict ? side(verdict, data.runs[at]) : null))));
}
function side(verdict, run) {
  const fact = (name, text) => (text ? [el("dt", {}, name), el("dd", {}, text)] : []);
  const proofs = [...verdict.evidence, ...(verdict.twin ? [verdict.twin] : [])].filter((proof) => proof.entries.length);
  const byScenario = new Map();
  for (const proof of proofs) byScenario.set(proof.scenario, [...(byScenario.get(proof.scenario) || []), ...proof.entries]);
  return el("section", {}, several ? el("h3", {}, run.name, " ", badge(verdict.verdict)) : null,
    el("dl", {}, fact("expected", verdict.expected), fact("seen", verdict.observed || verdict.reason),
      verdict.observed && verdict.observed !== verdict.reason ? fact("because", verdict.reason) : [],
      fact("see", (verdict.hidden_by || []).join(", ")), fact("note", verdict.note), fact("mend", verdict.hint), fact("more", `locum explain ${verdict.id}`)),
    verdict.repeat ? el("pre", { class: "repeat" }, verdict.repeat) : null,
    [...byScenario].map(([key, entries]) => (run.scenarios[key] ? ladder(run.scenarios[key], new Set(entries)) : null)));
}

// The exchanges of a scenario as arrows between those who take part.
function ladder(scenario, proof) {
  const belongs = (step) => proof.has(step.n) || proof.has(step.of);
  const mine = scenario.steps.filter(belongs);
  const used = LANES.filter((lane) => scenario.steps.some((step) => step.from === lane || step.to === lane));
  const lanes = el("div", { class: "lanes", style: `--lanes: ${used.length}` });
  const draw = (steps) => lanes.replaceChildren(el("span", { class: "lane" }), ...used.map((lane) => el("span", { class: "lane" }, lane)),
    ...steps.map((step) => rung(step, used, steps !== mine && belongs(step))));
  let whole = mine.length === 0;
  draw(whole ? scenario.steps : mine);
  const more = mine.length && mine.length < scenario.steps.length ? el("button", { type: "button", onclick: (event) => {
    whole = !whole;
    draw(whole ? scenario.steps : mine);
    event.currentTarget.textContent = whole ? "only the proof" : `all ${scenario.steps.length} steps`;
  } }, `all ${scenario.steps.length} steps`) : null;
  return el("div", { class: "ladder" }, el("div", { class: "title" }, el("span", {}, scenario.title), more), lanes,
    scenario.left_out ? el("p", { class: "soft" }, `${scenario.left_out} more in events.ndjson`) : null);
}
function rung(step, used, isProof) {
  const from = used.indexOf(step.from), to = used.indexOf(step.to);
  const time = el("span", { class: "time" }, `${step.t} ms`);
  // A refusal is often what is wanted: only a failure is painted as one.
  const tone = step.status >= 500 || step.status === 0 ? "bad" : step.status >= 200 && step.status < 300 ? "good" : step.status >= 400 ? "refused" : "";
  const label = el("span", { class: tone }, step.label);
  const span = Math.abs(to - from) + 1;
  const arrow = from >= 0 && to >= 0 && from !== to
    ? el("span", { class: `arrow ${to > from ? "right" : "left"}`, style: `grid-column: ${Math.min(from, to) + 2} / span ${span}; --span: ${span}` }, label)
    : el("span", { class: "note" }, label);
  const node = el("div", { class: isProof ? "step proof" : "step", tabindex: step.detail ? 0 : null, role: step.detail ? "button" : null, "aria-expanded": step.detail ? "false" : null }, time, arrow);
  const open = () => {
    if (!step.detail) return;
    const shown = node.nextElementSibling && node.nextElementSibling.tagName === "PRE";
    if (shown) node.nextElementSibling.remove();
    else node.after(el("pre", {}, step.detail));
    node.setAttribute("aria-expanded", String(!shown));
  };
  node.addEventListener("click", open);
  node.addEventListener("keydown", (event) => { if (event.key === "Enter") open(); });
  return node;
}

document.getElementById("page").append(header(), coverage(), list());
filter();
function follow() {
  const named = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (!named) return;
  if (named.tagName === "DETAILS") named.open = true;
  named.scrollIntoView();
}
addEventListener("hashchange", follow);
follow();
