// The page for people: one stage at a time, a view for each thing that can be looked at or changed.

import { html, nothing, render } from "./lit-html/lit-html.js";
import { below, call, dropToken, Failure, hasToken, setToken, text } from "./api.js";
import * as clock from "./clock.js";
import * as connect from "./connect.js";
import { FIRST_LINES, Lines } from "./entries.js";
import * as exchange from "./exchange.js";
import * as faults from "./faults.js";
import { count } from "./format.js";
import * as journal from "./journal.js";
import { failure } from "./parts.js";
import { link, read } from "./route.js";
import * as settings from "./settings.js";
import * as stages from "./stages.js";
import { follow } from "./stream.js";
import * as tokens from "./tokens.js";
import * as verdicts from "./verdicts.js";

/** How often what changes by itself is read again. */
const REFRESH_MS = 2000;
/** Lines that arrive together are drawn together. */
const DRAW_MS = 60;
/** The journal is judged again this long after the last time, and longer where judging takes long. */
const JUDGE_MS = 2000;
const JUDGE_TIMEOUT_MS = 60_000;

const VIEWS = new Map([
  ["journal", { name: "Journal", open: (page, id) => (id === undefined ? journal.open(page) : exchange.open(page, id)) }],
  ["verdicts", { name: "Verdicts", open: verdicts.open }],
  ["tokens", { name: "Tokens", open: tokens.open }],
  ["faults", { name: "Faults", open: faults.open }],
  ["settings", { name: "Settings", open: settings.open }],
  ["connect", { name: "Connect", open: connect.open }],
  ["stages", { name: "Stages", open: stages.open }],
]);

const page = {
  stage: undefined,
  view: undefined,
  viewName: "",
  lines: new Lines(),
  clock: undefined,
  /** The vendors of the stage: name, root and endpoints. */
  known: [],
  /** Entry -> the verdicts that rest on it, as last judged. */
  proofs: new Map(),
  verdicts: {},
  /** Counts the changes of the journal that this page saw. */
  moves: 0,
  connection: { name: "connecting" },
  notice: undefined,
  stream: undefined,
  drawing: 0,
  refreshing: undefined,

  get vendors() {
    return page.known.map((vendor) => vendor.vendor);
  },

  vendorOf: (name) => page.known.find((vendor) => vendor.vendor === name),

  /** A call below the stage. */
  call: (method, path, body, timeout) => call(method, below(page.stage, path), body, timeout),

  text: (path) => text(below(page.stage, path)),

  serverText: (path) => text(path),

  draw() {
    if (page.drawing === 0) page.drawing = setTimeout(drawNow, DRAW_MS);
  },

  /** Says something in the line for that; a failure stays until the next. */
  say(message, failed = false) {
    page.notice = { message, failed };
    page.draw();
  },

  /** Does what a person asked for, and says how it went. */
  async act(what, work) {
    try {
      const said = await work();
      page.say(typeof said === "string" ? said : `Done: ${what}.`);
      await page.refresh();
    } catch (fault) {
      page.say(`Could not ${what}: ${fault.message}${fault.hint ? `. ${fault.hint}` : ""}`, true);
    }
  },

  tookClock(told) {
    page.clock = { ...told, read: performance.now() };
    page.draw();
  },

  /** Reads again what changes by itself; never twice at a time, however slow the server is. */
  async refresh() {
    if (page.refreshing) return page.refreshing;
    page.refreshing = Promise.all([readStage(), page.view?.refresh?.()]);
    try {
      await page.refreshing;
    } finally {
      page.refreshing = undefined;
    }
  },

  /**
   * Judges the journal, unless that was done since it last moved. Views that show verdicts ask again
   * and again; however busy the journal is, the server judges most of the time nothing.
   */
  async judge() {
    const { verdicts } = page;
    const waits = performance.now() < (verdicts.next ?? 0);
    if (verdicts.busy || waits || verdicts.moves === page.moves) return;
    verdicts.busy = true;
    const [began, moves, newest] = [performance.now(), page.moves, page.lines.facts.newest];
    try {
      const told = await page.call("GET", "/verdicts", undefined, JUDGE_TIMEOUT_MS);
      Object.assign(verdicts, { data: { ...told, newest }, failure: undefined, moves });
      if (verdicts === page.verdicts) page.proofs = proofsOf(told.verdicts);
    } catch (fault) {
      verdicts.failure = fault;
    }
    const ended = performance.now();
    Object.assign(verdicts, { busy: false, next: ended + Math.max(JUDGE_MS, 5 * (ended - began)) });
    page.draw();
  },

  saveHar: () => page.save("the journal as HAR 1.2", `locum-${page.stage}.har`, "application/json", () => page.text("/journal.har")),

  /** Saves what is read as a file. */
  save(what, name, type, read) {
    return page.act(`save ${what}`, async () => {
      const url = URL.createObjectURL(new Blob([await read()], { type }));
      Object.assign(document.createElement("a"), { href: url, download: name }).click();
      setTimeout(() => URL.revokeObjectURL(url), 60_000);
      return `Saved ${what}.`;
    });
  },

  async readOlder() {
    await page.act("read older entries", async () => {
      const oldest = page.lines.all()[0]?.id ?? page.lines.facts.newest + 1;
      page.lines.makeRoom(FIRST_LINES);
      const told = await page.call("GET", `/journal?after=${Math.max(oldest - FIRST_LINES - 1, 0)}&limit=${FIRST_LINES}`);
      const older = told.entries.filter((entry) => entry.id < oldest);
      for (const entry of older) takes(entry);
      return `Read ${count(older.length)} older entries.`;
    });
  },
};

/** Entry -> the rows that rest on it. */
function proofsOf(rows) {
  const proofs = new Map();
  for (const row of rows.filter(verdicts.isShown)) {
    for (const id of row.evidence) proofs.set(id, [...(proofs.get(id) ?? []), row]);
  }
  return proofs;
}

/** What may change without an entry of the journal: the clock, and what the journal holds. */
async function readStage() {
  if (page.connection.name === "refused") return;
  const stage = page.stage;
  try {
    const [told, facts] = await Promise.all([page.call("GET", "/clock"), page.call("GET", "/journal?limit=0")]);
    if (stage !== page.stage) return;
    page.tookClock(told);
    holds(facts);
    await readOpen(stage);
  } catch (fault) {
    // The stream tells of a server that is gone; here it would be told twice.
    if (!(fault instanceof Failure)) throw fault;
  }
}

/** Open websockets change without an event of the stream. */
async function readOpen(stage) {
  const ids = page.lines.open().slice(-20).map((line) => line.id);
  const entries = await Promise.allSettled(ids.map((id) => call("GET", below(stage, `/journal/${id}`))));
  if (stage !== page.stage) return;
  for (const entry of entries) if (entry.status === "fulfilled") takes(entry.value);
  if (ids.length > 0) page.draw();
}

function takes(entry) {
  if (page.lines.take(entry)) page.moves += 1;
}

function holds(facts) {
  if (page.lines.holds(facts)) page.moves += 1;
}

async function readVendors(stage) {
  try {
    const told = await call("GET", below(stage, "/vendors"));
    if (stage === page.stage) page.known = told.vendors;
    page.draw();
  } catch {
    // Told by the stream, and read again when that lives.
  }
}

function openStage(stage) {
  page.stream?.stop();
  page.stage = stage;
  page.lines.clear();
  page.proofs = new Map();
  page.verdicts = {};
  page.moves += 1;
  page.clock = undefined;
  page.known = [];
  page.connection = { name: "connecting" };
  const mine = () => page.stage === stage;
  page.stream = follow(stage, FIRST_LINES, {
    state(name, fault) {
      if (!mine()) return;
      if (name === "live" && page.connection.name !== "live") {
        readVendors(stage);
        page.refresh();
      }
      if (name !== "connecting" || page.connection.name !== "lost") page.connection = { name, fault };
      page.draw();
    },
    journal(facts, fresh) {
      if (!mine()) return;
      if (fresh) page.lines.clear();
      holds(facts);
      page.draw();
    },
    entry(entry) {
      if (!mine()) return;
      takes(entry);
      page.draw();
    },
    dropped(lost) {
      if (!mine()) return;
      page.lines.missed += lost;
      page.draw();
    },
  });
}

function goTo(fragment) {
  const route = read(fragment);
  if (route.stage !== page.stage) openStage(route.stage);
  page.view?.close?.();
  page.notice = undefined;
  page.viewName = route.view;
  page.view = VIEWS.get(route.view)?.open(page, route.id) ?? lost;
  document.title = `${page.view.title} · locum`;
  page.view.refresh?.();
  page.refresh();
  drawNow();
  document.querySelector("main").scrollTop = 0;
}

const lost = {
  title: "Not found",
  draw: () => html`<h2>Not found</h2><p>Nothing is at this address of the page. <a href=${link("default", "journal")}>The journal</a> is a way on.</p>`,
};

function drawNow() {
  clearTimeout(page.drawing);
  page.drawing = 0;
  render(frame(), document.body);
  page.view.drawn?.();
}

function frame() {
  return html`
    <a class="skip" href="#main" @click=${(event) => {
      event.preventDefault();
      document.querySelector("main").focus();
    }}>To the content</a>
    <header>
      <h1><a href=${link(page.stage, "journal")}>locum</a></h1>
      ${page.stage === "default" ? nothing : html`<span class="stage">stage <b>${page.stage}</b></span>`}
      ${clock.draw(page)}
      ${connection()}
    </header>
    <nav aria-label="views">${[...VIEWS].map(([name, view]) => html`
      <a href=${link(page.stage, name)} aria-current=${page.viewName === name ? "page" : "false"}>${view.name}</a>`)}</nav>
    <div class="notice" role="status">${page.notice && !page.notice.failed ? page.notice.message : nothing}</div>
    <div class="notice" role="alert">${page.notice?.failed ? html`<p class="failure">${page.notice.message}</p>` : nothing}</div>
    ${page.connection.fault?.status === 401 ? tokenForm() : nothing}
    <main id="main" tabindex="-1">${page.view.draw()}</main>`;
}

const STATES = { connecting: "connecting …", live: "live", lost: "disconnected", refused: "refused" };

function connection() {
  const { name, fault } = page.connection;
  const again = () => page.stream.retry();
  return html`<div class="connection ${name}" role="status"><b>${STATES[name]}</b>
    ${name === "lost" || (name === "refused" && fault?.status !== 401)
      ? html`${failure(fault)}<span>${name === "lost" ? "It tries again by itself; what is missed is read then." : nothing}</span><button type="button" @click=${again}>Try now</button>`
      : nothing}</div>`;
}

function tokenForm() {
  const given = (event) => {
    event.preventDefault();
    const wrong = setToken(String(new FormData(event.target).get("token")));
    if (wrong) page.say(`The token was not taken: ${wrong}.`, true);
    else {
      page.notice = undefined;
      event.target.reset();
      page.connection = { name: "connecting" };
      page.stream.retry();
    }
  };
  return html`<form class="token" @submit=${given}>
    <p>${hasToken() ? "The server did not take this token." : "This server wants the token of its control API: it printed it at start, as CONTROL-TOKEN."}</p>
    <label>token <input type="password" name="token" autocomplete="off" spellcheck="false"></label> <button>Use it</button>
    ${hasToken() ? html`<button type="button" @click=${() => { dropToken(); page.stream.retry(); }}>Forget it</button>` : nothing}
  </form>`;
}

addEventListener("hashchange", () => goTo(location.hash));
document.addEventListener("visibilitychange", () => { if (!document.hidden) page.refresh(); });
setInterval(() => { if (!document.hidden) page.refresh(); }, REFRESH_MS);
setInterval(() => page.draw(), 1000);
goTo(location.hash);
