// One exchange whole, at a link that lasts as long as the journal has it.

import { html, nothing } from "./lit-html/lit-html.js";
import { pretty } from "./bodies.js";
import { curl } from "./curl.js";
import { isOpen } from "./entries.js";
import { between, counted, json, time, words } from "./format.js";
import { took } from "./journal.js";
import { copyable, facts, Loaded } from "./parts.js";
import { link } from "./route.js";

export function open(page, id) {
  const entry = new Loaded(page, () => page.call("GET", `/journal/${id}`));
  const changes = () => entry.data === undefined || entry.data.completed === undefined || isOpen(entry.data);
  return {
    title: `Exchange ${id}`,
    refresh: () => Promise.all([page.judge(), changes() ? entry.refresh() : undefined]),
    draw: () => html`
      <p class="bar"><a href=${link(page.stage, "journal")}>← journal</a>
        ${id > 1 ? html`<a href=${link(page.stage, "journal", id - 1)}>previous</a>` : nothing}
        <a href=${link(page.stage, "journal", id + 1)}>next</a></p>
      ${entry.show((data) => draw(page, data))}`,
  };
}

function draw(page, entry) {
  const status = entry.reply?.status;
  return html`
    <h2>${entry.method} <span class="request">${entry.target}</span></h2>
    ${facts([
      ["vendor", `${entry.vendor}${entry.endpoint ? `, endpoint ${entry.endpoint}` : ", no endpoint of it"}`],
      ["arrived", html`${time(entry.arrived)} UTC, by the mock's clock`],
      ["took", entry.completed === undefined ? "not answered yet" : took({ ...entry, status })],
      ["status", status],
      ["outcome", isOpen(entry) ? html`<b class="live">open websocket</b>, followed until it closes` : words(entry.outcome)],
      ["closed", entry.closed ? `${time(entry.closed)} UTC` : nothing],
      ["who", entry.principal ?? "anonymous"],
      ["token shown", entry.presented ? token(page, entry.presented) : nothing],
      ["tokens issued", entry.issued?.length ? entry.issued.map((id) => html`${token(page, id)} `) : nothing],
      ["fault", entry.fault === undefined ? nothing : html`<a href=${link(page.stage, "faults")}>${entry.fault}</a>`],
      ["connection", entry.connection],
    ])}
    ${entry.denial ? refusal(page, entry) : nothing}
    ${proofs(page, entry)}
    ${message("Request", entry.headers, entry.body, entry.body_length)}
    ${entry.reply ? message(`Reply ${status}`, entry.reply.headers, entry.reply.body) : html`<h3>Reply</h3><p class="quiet">none yet</p>`}
    ${entry.frames?.length || entry.outcome === "opened" ? frames(entry) : nothing}
    ${tls(page, entry)}
    ${notes(entry)}
    ${again(page, entry)}`;
}

const token = (page, id) => html`<a href=${link(page.stage, "tokens", id)}>token ${id}</a>`;

function refusal(page, { denial }) {
  return html`<section class="denied"><h3>Why it was refused</h3>${facts([
    ["rule", html`${words(denial.reason)} <small>(${words(denial.kind)})</small>`],
    ["expected", denial.expected],
    ["received", denial.got],
    ["first difference", denial.difference],
  ])}</section>`;
}

/** The requirements whose verdicts rest on this exchange, as far as the journal was judged. */
function proofs(page, entry) {
  const rows = page.proofs.get(entry.id) ?? [];
  if (rows.length === 0) return nothing;
  return html`<section><h3>Requirements that it shows</h3><ul>${rows.map((row) => html`
    <li><b class=${row.verdict}>${row.verdict}</b> <a href=${link(page.stage, "verdicts")}>${row.id}</a> ${row.requirement} <span class="quiet">${row.why}</span></li>`)}</ul></section>`;
}

function message(name, headers, body, length = 0) {
  return html`<section><h3>${name}</h3>
    <table class="headers"><tbody>${headers.map(([header, value]) => html`<tr><th scope="row">${header}</th><td>${value}</td></tr>`)}</tbody></table>
    ${body === undefined ? (length > 0 ? html`<p class="quiet">a body of ${counted(length, "byte")} that is not text</p>` : nothing) : bodyOf(body, headers)}
  </section>`;
}

function bodyOf(body, headers) {
  if (body === "") return nothing;
  const { kind, text } = pretty(body, headers);
  return html`<p class="quiet">body, ${kind === "text" ? "as sent" : `${kind}, for reading`}</p><pre tabindex="0">${text}</pre>
    ${kind === "text" ? nothing : html`<details><summary>as sent</summary><pre tabindex="0">${body}</pre></details>`}`;
}

function frames(entry) {
  const dropped = entry.frames_dropped ?? 0;
  return html`<section><h3>Frames</h3>
    <p class="quiet">${counted(entry.frames?.length ?? 0, "frame")}${dropped > 0 ? `; ${counted(dropped, "further one")} in the middle not kept` : ""}</p>
    <table class="frames"><thead><tr><th scope="col">time (UTC)</th><th scope="col">after</th><th scope="col">from</th><th scope="col">kind</th><th scope="col">bytes</th><th scope="col">text</th></tr></thead>
      <tbody>${(entry.frames ?? []).map((frame) => html`<tr><td class="time">${time(frame.at)}</td><td class="number">${between(entry.arrived, frame.at)}</td>
        <td>${frame.from}</td><td>${frame.opcode}${frame.goes_on ? ", goes on" : ""}</td><td class="number">${frame.length}</td><td class="request">${frame.text ?? ""}</td></tr>`)}</tbody></table>
  </section>`;
}

function tls(page, entry) {
  const { certificate, handshake } = entry.notes ?? {};
  if (certificate === undefined) return nothing;
  return html`<section><h3>TLS</h3>${facts([
    ["certificate shown", words(certificate)],
    ...Object.entries(handshake && typeof handshake === "object" ? handshake : {}).map(([name, value]) => [words(name), json(value)]),
  ])}</section>`;
}

function notes(entry) {
  const rows = Object.entries(entry.notes ?? {}).filter(([name]) => !["certificate", "handshake"].includes(name));
  if (entry.spelling) rows.push(["spelling", entry.spelling]);
  return rows.length === 0 ? nothing : html`<section><h3>Notes of the mock</h3>${facts(rows.map(([name, value]) => [words(name), json(value)]))}</section>`;
}

function again(page, entry) {
  const vendor = page.vendorOf(entry.vendor);
  if (vendor === undefined || entry.outcome === "opened") return nothing;
  const lacks = entry.body === undefined && entry.body_length > 0;
  return html`<section><h3>Send it again</h3>
    <p class="quiet">Names in « » stand for secrets that the journal does not keep: put the value in.${lacks ? " The body is not text and is left out." : ""}</p>
    ${copyable(page, "curl", curl(entry, vendor.base))}</section>`;
}
