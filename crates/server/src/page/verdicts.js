// What the journal so far shows of the clients, requirement by requirement.

import { html, nothing } from "./lit-html/lit-html.js";
import { repeat } from "./lit-html/directives/repeat.js";
import { count, counted } from "./format.js";
import { copyable, failure } from "./parts.js";
import { link } from "./route.js";

/** Worst first; all others say that the journal does not show it. */
const SHOWN = ["FAIL", "ERROR", "HARNESS", "WARN", "INFO", "PENDING", "PASS"];

/** Whether the journal shows anything of the requirement. */
export const isShown = (row) => SHOWN.includes(row.verdict);

export function open(page) {
  return { title: "Verdicts", refresh: () => page.judge(), draw: () => draw(page) };
}

function draw(page) {
  const { verdicts: judged } = page;
  const head = failure(judged.failure);
  if (judged.data === undefined) return html`${head}${judged.failure ? nothing : html`<p class="quiet">judging …</p>`}`;
  const { verdicts, entries, dropped, newest } = judged.data;
  const newer = Math.max(page.lines.facts.newest - newest, 0);
  const shown = verdicts.filter(isShown).sort((a, b) => SHOWN.indexOf(a.verdict) - SHOWN.indexOf(b.verdict));
  const rest = verdicts.filter((row) => !isShown(row));
  return html`${head}
    <p class="quiet" id="judged">${counted(entries, "entry", "entries")} judged, up to number ${count(newest)}${newer > 0 ? html`; <b>${counted(newer, "newer one")} not yet</b>` : ""}${dropped > 0 ? `; ${count(dropped)} fell out of the journal before` : ""}.
      ${Object.entries(judged.data.summary).map(([verdict, number]) => html`<b class=${verdict}>${verdict} ${count(number)}</b> `)}</p>
    ${shown.length === 0 ? html`<p>Nothing can be said of a client yet: the journal shows none of the requirements.</p>` : nothing}
    ${repeat(shown, key, (row) => one(page, row))}
    ${rest.length > 0 ? html`<details><summary>${counted(rest.length, "requirement")} that the journal does not show</summary>${repeat(rest, key, (row) => one(page, row))}</details>` : nothing}`;
}

const key = (row) => `${row.id} ${row.vendor}`;

const one = (page, row) => html`<article class="verdict">
  <h3><b class=${row.verdict}>${row.verdict}</b> ${row.id} <small>${row.vendor}, ${row.level}</small></h3>
  <p>${row.requirement}</p>
  <p>${row.why}</p>
  ${row.expected ? html`<p><b>expected</b> ${row.expected}</p>` : nothing}
  ${row.evidence.length > 0 ? html`<p><b>seen in</b> ${row.evidence.slice(0, 30).map((id) => html`<a href=${link(page.stage, "journal", id)}>${id}</a> `)}${row.evidence.length > 30 ? `and ${count(row.evidence.length - 30)} more` : nothing}</p>` : nothing}
  <details><summary>the way to it</summary>${copyable(page, `explain ${row.id}`, `locum explain ${row.id}`)}</details>
</article>`;
