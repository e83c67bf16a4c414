// What the vendors issued, the newest first, and how one token came from another.

import { html, nothing } from "./lit-html/lit-html.js";
import { repeat } from "./lit-html/directives/repeat.js";
import { Failure } from "./api.js";
import { count, counted, time, words } from "./format.js";
import { facts, Loaded } from "./parts.js";
import { link } from "./route.js";

/** Most that are listed. */
const MAX_LISTED = 200;
/** Most ancestors and descendants that are drawn. */
const MAX_ANCESTORS = 20;
const MAX_DRAWN = 60;

export const open = (page, id) => (id === undefined ? list(page) : one(page, id));

function list(page) {
  const tokens = new Loaded(page, async () => {
    const { newest } = await page.call("GET", "/tokens?limit=0");
    return page.call("GET", `/tokens?after=${Math.max(newest - MAX_LISTED, 0)}&limit=${MAX_LISTED}`);
  });
  return { title: "Tokens", refresh: () => tokens.refresh(), draw: () => tokens.show((data) => drawList(page, data)) };
}

function drawList(page, { tokens, held }) {
  if (tokens.length === 0) return html`<p class="quiet">No token is remembered: a client has to log in first.</p>`;
  const newest = [...tokens].reverse();
  return html`<p class="quiet">showing ${count(tokens.length)} of ${counted(held, "token")}, the newest first.</p>
    <div class="wide"><table><thead><tr><th scope="col">no.</th><th scope="col">kind</th><th scope="col">state</th><th scope="col">vendor</th><th scope="col">client</th>
      <th scope="col">who</th><th scope="col">issued (UTC)</th><th scope="col">ends (UTC)</th><th scope="col">uses</th><th scope="col"></th></tr></thead>
    <tbody>${repeat(newest, (token) => token.id, (token) => html`<tr>
      <td><a href=${link(page.stage, "tokens", token.id)}>${token.id}</a></td><td>${words(token.kind)}</td><td class=${stateOf(token)}>${words(token.state)}</td>
      <td>${token.vendor}</td><td>${token.client ?? "–"}</td><td>${token.principal}</td>
      <td class="time" data-name="issued (UTC)">${time(token.issued)}</td><td class="time" data-name="ends (UTC)">${token.expires ? time(token.expires) : "never"}</td><td class="number" data-name="uses">${token.uses}</td>
      <td>${ends(page, token)}</td></tr>`)}</tbody></table></div>`;
}

const stateOf = (token) => (token.state === "live" ? "PASS" : "quiet");

function ends(page, token) {
  if (token.state !== "live") return nothing;
  const end = (how) => page.act(`${how} token ${token.id}`, () => page.call("POST", `/tokens/${how}`, { id: token.id }));
  return html`<button type="button" @click=${() => end("expire")}>Expire</button> <button type="button" @click=${() => end("revoke")}>Revoke</button>`;
}

function one(page, id) {
  const family = new Loaded(page, () => readFamily(page, id));
  return {
    title: `Token ${id}`,
    refresh: () => family.refresh(),
    draw: () => html`<p class="bar"><a href=${link(page.stage, "tokens")}>← tokens</a></p>${family.show((data) => drawOne(page, data))}`,
  };
}

const readToken = (page, id) => page.call("GET", `/tokens/${id}`);

/** The token with its ancestors, and with all that came from the first of them. */
async function readFamily(page, id) {
  const token = await readToken(page, id);
  const known = new Map([[id, token]]);
  let root = token;
  for (let above = 0; root.parent !== undefined && above < MAX_ANCESTORS; above += 1) {
    const parent = await readToken(page, root.parent).catch(forgotten);
    if (parent === undefined || known.has(parent.id)) break;
    known.set(parent.id, parent);
    root = parent;
  }
  const tree = { token: root, children: [] };
  const left = [tree];
  let cut = false;
  for (let node = left.shift(); node; node = left.shift()) {
    for (const child of node.token.children) {
      if (known.size >= MAX_DRAWN && !known.has(child)) {
        cut = true;
        continue;
      }
      const found = known.get(child) ?? (await readToken(page, child).catch(forgotten));
      if (found === undefined) continue;
      known.set(child, found);
      const below = { token: found, children: [] };
      node.children.push(below);
      left.push(below);
    }
  }
  return { token, tree, cut };
}

/** A token may be forgotten while its kin are read. */
function forgotten(fault) {
  if (fault instanceof Failure && fault.status === 404) return undefined;
  throw fault;
}

function drawOne(page, { token, tree, cut }) {
  return html`<h2>${token.name}</h2>
    ${facts([
      ["kind", words(token.kind)],
      ["state", html`<b class=${stateOf(token)}>${words(token.state)}</b> ${ends(page, token)}`],
      ["wrong with it", words(token.defect)],
      ["vendor", token.vendor],
      ["tenant", token.tenant],
      ["client", token.client],
      ["who", token.principal],
      ["scope", token.scope],
      ["issued", `${time(token.issued)} UTC, by the mock's clock`],
      ["ends", token.expires ? `${time(token.expires)} UTC` : "never"],
      ["made by", token.entry === undefined ? "nobody's request" : exchange(page, token.entry)],
      ["shown", counted(token.uses, "time")],
      ["shown in", token.used_in.length === 0 ? nothing : token.used_in.slice(-MAX_DRAWN).map((entry) => html`${exchange(page, entry)} `)],
      ["the vendor remembers", token.remembers?.map(words).join(", ")],
    ])}
    <h3>Lineage</h3>
    <ul class="tree">${node(page, tree, token.id)}</ul>
    ${cut ? html`<p class="quiet">Only ${count(MAX_DRAWN)} of its kin are drawn.</p>` : nothing}`;
}

const exchange = (page, id) => html`<a href=${link(page.stage, "journal", id)}>exchange ${id}</a>`;

const node = (page, { token, children }, id) => html`<li>
  <span class="token-node">${token.id === id ? html`<b aria-current="true">${token.name}</b>` : html`<a href=${link(page.stage, "tokens", token.id)}>${token.name}</a>`}
    <span class=${stateOf(token)}>${words(token.state)}</span>${token.entry === undefined ? nothing : html` ${exchange(page, token.entry)}`}</span>
  ${children.length > 0 ? html`<ul>${children.map((child) => node(page, child, id))}</ul>` : nothing}</li>`;
