// The journal: an exchange a line, the newest at the end.

import { html, nothing } from "./lit-html/lit-html.js";
import { repeat } from "./lit-html/directives/repeat.js";
import { isOpen } from "./entries.js";
import { between, count, counted, time, words } from "./format.js";
import { link } from "./route.js";

/** Which lines are shown, by name. */
const KINDS = new Map([
  ["all", { label: "all exchanges", fits: () => true }],
  ["denied", { label: "refusals", fits: (line) => line.denial !== undefined }],
  ["granted", { label: "tokens issued", fits: (line) => line.outcome === "granted" }],
  ["faulted", { label: "with a fault", fits: (line) => line.fault !== undefined }],
  ["open", { label: "open websockets", fits: isOpen }],
]);

export function open(page) {
  const view = { vendor: "", kind: "all", search: "", following: true, unread: 0, last: 0 };
  const fits = (line) =>
    (view.vendor === "" || line.vendor === view.vendor) &&
    KINDS.get(view.kind).fits(line) &&
    (view.search === "" || searched(line).includes(view.search));
  return {
    title: "Journal",
    draw: () => draw(page, view, page.lines.all().filter(fits)),
    drawn: () => keepPlace(page, view),
  };
}

const searched = (line) =>
  [line.method, line.target, line.endpoint, line.principal, line.status, line.denial?.reason, line.denial?.got].join(" ").toLowerCase();

function draw(page, view, lines) {
  const change = (name) => (event) => {
    view[name] = event.target.value;
    if (name === "search") view.search = view.search.toLowerCase();
    page.draw();
  };
  return html`
    <div class="bar">
      <label>vendor <select @change=${change("vendor")}><option value="">all</option>
        ${repeat(page.vendors, (name) => name, (name) => html`<option value=${name}>${name}</option>`)}</select></label>
      <label>show <select @change=${change("kind")}>${[...KINDS].map(([name, kind]) => html`<option value=${name}>${kind.label}</option>`)}</select></label>
      <label>find <input type="search" placeholder="path, who, reason" @input=${change("search")}></label>
      <button type="button" @click=${() => page.act("empty the journal", () => page.call("DELETE", "/journal"))}>Empty</button>
      <button type="button" @click=${() => page.saveHar()}>Save as HAR</button>
    </div>
    <p class="quiet" id="shown">${shown(page, lines)} <span class="narrow">Times are those of the mock's clock, in UTC.</span>
      ${older(page) > 0 ? html`<button type="button" @click=${() => page.readOlder()}>Show older</button>` : nothing}</p>
    <div class="lines" tabindex="0" role="region" aria-label="exchanges" @scroll=${(event) => scrolled(page, view, event.currentTarget)}>
      <table>
        <thead><tr><th scope="col">no.</th><th scope="col">time <small>(mock's clock, UTC)</small></th><th scope="col">took</th><th scope="col">vendor</th>
          <th scope="col">endpoint</th><th scope="col">status</th><th scope="col">who</th><th scope="col">request</th></tr></thead>
        ${repeat(lines, (line) => line.id, (line) => row(page, line))}
      </table>
      ${lines.length === 0 ? html`<p class="quiet">${empty(page)}</p>` : nothing}
    </div>
    ${view.unread > 0 ? html`<button type="button" class="unread" @click=${() => follow(page, view)}>${counted(view.unread, "new line")} ↓</button>` : nothing}`;
}

/** How many entries of the journal are older than the page's lines. */
const older = (page) => Math.max(page.lines.facts.held - page.lines.size, 0);

function shown(page, lines) {
  const { facts, missed } = page.lines;
  const held = Math.max(facts.held, page.lines.size);
  const parts = [`showing ${count(lines.length)} of ${counted(held, "entry", "entries")}`];
  if (lines.length < page.lines.size) parts[0] += ` (filtered from the newest ${count(page.lines.size)})`;
  if (facts.dropped > 0) parts.push(`${counted(facts.dropped, "older entry", "older entries")} fell out of the journal, which is bounded`);
  if (missed > 0) parts.push(`${counted(missed, "entry", "entries")} fell out before this page read them`);
  return `${parts.join("; ")}.`;
}

const empty = (page) =>
  page.lines.size > 0 ? "No exchange fits the filter." : "Nothing has come yet: requests to the vendors show up here as they arrive.";

function row(page, line) {
  const status = isOpen(line) ? "open" : line.status;
  return html`<tbody class=${kindOf(line)}>
    <tr>
      <td><a href=${link(page.stage, "journal", line.id)}>${line.id}</a></td>
      <td class="time">${time(line.arrived)}</td>
      <td class="number">${took(line)}</td>
      <td>${line.vendor}</td>
      <td>${line.endpoint || "–"}</td>
      <td class="status">${status ?? "…"}</td>
      <td>${line.principal ?? "anonymous"}</td>
      <td class="request">${line.method} ${line.target}</td>
    </tr>
    ${line.denial || line.fault !== undefined ? html`<tr class="why"><td></td><td colspan="7">${why(page, line)}</td></tr>` : nothing}
  </tbody>`;
}

/** How long it took by the mock's clock; of a websocket, how long it was open. */
export function took(line) {
  if (line.completed === undefined) return "…";
  if (isOpen(line)) return "open";
  return between(line.arrived, line.closed ?? line.completed);
}

export function kindOf(line) {
  if (line.fault !== undefined) return "faulted";
  if (line.denial || line.status >= 400) return "denied";
  return isOpen(line) ? "open" : "good";
}

function why(page, { id, denial, fault }) {
  const rows = page.proofs.get(id) ?? [];
  const part = (name, text) => (text ? html`<span><b>${name}</b> ${text}</span> ` : nothing);
  return html`
    ${fault === undefined ? nothing : html`<span><b>fault</b> <a href=${link(page.stage, "faults")}>${fault}</a></span> `}
    ${denial ? html`${part("rule", words(denial.reason))}${part("expected", denial.expected)}${part("received", denial.got)}${part("first difference", denial.difference)}` : nothing}
    ${rows.length > 0 ? html`<span><b>requirement</b> ${rows.map((row) => html`<a href=${link(page.stage, "verdicts")}>${row.id}</a> ${row.verdict} `)}</span>` : nothing}`;
}

function scrolled(page, view, box) {
  const atEnd = box.scrollHeight - box.scrollTop - box.clientHeight < 8;
  if (atEnd && view.unread > 0) {
    view.unread = 0;
    page.draw();
  }
  view.following = atEnd;
}

function follow(page, view) {
  view.following = true;
  view.unread = 0;
  const box = document.querySelector(".lines");
  box.scrollTop = box.scrollHeight;
  box.focus();
  page.draw();
}

/** Shows what is new to who reads at the end and holds nothing; else tells that there is some. */
function keepPlace(page, view) {
  const box = document.querySelector(".lines");
  const newest = page.lines.newest();
  const fresh = page.lines.after(view.last);
  view.last = newest;
  const selection = getSelection();
  const holds = (node) => node !== null && node !== box && box.contains(node);
  const reads = holds(document.activeElement) || (!selection.isCollapsed && holds(selection.anchorNode));
  if (view.following && !reads) box.scrollTop = box.scrollHeight;
  else if (fresh > 0 && box.scrollHeight > box.clientHeight) {
    view.unread += fresh;
    page.draw();
  }
}
