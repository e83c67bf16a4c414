// Faults: what is in place, how often it fired, and a menu of those that clients meet most.

import { html, nothing } from "./lit-html/lit-html.js";
import { repeat } from "./lit-html/directives/repeat.js";
import { count, json, words } from "./format.js";
import { Loaded } from "./parts.js";

/** What can be chosen; `number` asks for one, with its default. */
const KINDS = new Map([
  ["status", { label: "reply with a status", number: ["status", 503], then: (number) => ({ status: number, body: "" }) }],
  ["limited", { label: "429 with Retry-After", number: ["seconds", 2], then: (number) => ({ status: 429, headers: { "Retry-After": String(number) }, body: "" }) }],
  ["delay", { label: "reply late", number: ["milliseconds", 3000], then: (number) => ({ delay_ms: number }) }],
  ["slow", { label: "send the body slowly", number: ["bytes a second", 50], then: (number) => ({ slow_body: number }) }],
  ["reset", { label: "reset the connection", then: () => ({ reset: "before" }) }],
  ["lose", { label: "act, but lose the reply", then: () => ({ lose_reply: true }) }],
  ["empty", { label: "leave the body out", then: () => ({ empty: true }) }],
  ["truncate", { label: "cut the body off", number: ["after bytes", 20], then: (number) => ({ truncate: number }) }],
  ["malformed", { label: "break the JSON", then: () => ({ malformed: true }) }],
  ["chunked", { label: "send the body byte by byte", then: () => ({ framing: "byte_by_byte" }) }],
  ["close", { label: "close the connection after the reply", then: () => ({ close: true }) }],
  ["close_ws", { label: "close the websocket", number: ["with code", 1011], then: (number) => ({ close_ws: number }) }],
]);

const WHENS = new Map([
  ["always", { label: "always", when: () => ({ always: true }) }],
  ["once", { label: "once", when: () => ({ once: true }) }],
  ["first", { label: "the first n", number: true, when: (number) => ({ first: number }) }],
  ["after", { label: "after the first n", number: true, when: (number) => ({ after: number }) }],
  ["every", { label: "every nth", number: true, when: (number) => ({ every: number }) }],
]);

export function open(page) {
  const faults = new Loaded(page, () => page.call("GET", "/faults"));
  const form = { vendor: "", kind: "status", when: "always" };
  return {
    title: "Faults",
    refresh: () => faults.refresh(),
    draw: () => html`${menu(page, form)}<h3>In place</h3>${faults.show((data) => list(page, data.faults))}`,
  };
}

function menu(page, form) {
  const choose = (name) => (event) => {
    form[name] = event.target.value;
    page.draw();
  };
  const { number } = KINDS.get(form.kind);
  const endpoints = page.vendorOf(form.vendor)?.endpoints ?? [];
  return html`<form class="menu" @submit=${(event) => add(page, event)}>
    <label>vendor <select name="vendor" @change=${choose("vendor")}><option value="">any</option>${repeat(page.vendors, (name) => name, (name) => html`<option value=${name}>${name}</option>`)}</select></label>
    <label>endpoint <select name="endpoint"><option value="">any</option>${repeat(endpoints, (name) => `${form.vendor} ${name}`, (name) => html`<option value=${name}>${name}</option>`)}</select></label>
    <label>client or user <input name="client" size="14" placeholder="any" autocomplete="off"></label>
    <label>what <select name="kind" @change=${choose("kind")}>${[...KINDS].map(([name, kind]) => html`<option value=${name}>${kind.label}</option>`)}</select></label>
    ${number ? html`<label>${number[0]} <input name="number" size="7" inputmode="numeric" .value=${String(number[1])}></label>` : nothing}
    <label>when <select name="when" @change=${choose("when")}>${[...WHENS].map(([name, when]) => html`<option value=${name}>${when.label}</option>`)}</select></label>
    ${WHENS.get(form.when).number ? html`<label>n <input name="n" size="4" inputmode="numeric" value="2"></label>` : nothing}
    <button>Add</button>
  </form>`;
}

function add(page, event) {
  event.preventDefault();
  const given = Object.fromEntries(new FormData(event.target));
  const whole = (text) => (/^\s*\d+\s*$/.test(text ?? "") ? Number(text) : undefined);
  const [kind, when] = [KINDS.get(given.kind), WHENS.get(given.when)];
  const [number, n] = [whole(given.number), whole(given.n)];
  if (kind.number && number === undefined) return page.say(`The fault was not added: ${kind.number[0]} is not a whole number.`, true);
  if (when.number && n === undefined) return page.say("The fault was not added: n is not a whole number.", true);
  const match = Object.fromEntries(["vendor", "endpoint", "client"].map((name) => [name, given[name]?.trim()]).filter(([, value]) => value));
  return page.act("add the fault", () => page.call("POST", "/faults", { match, when: when.when(n), then: kind.then(number) }));
}

function list(page, faults) {
  if (faults.length === 0) return html`<p class="quiet">None: the vendors behave.</p>`;
  const remove = (what, path) => page.act(what, () => page.call("DELETE", path));
  return html`<div class="wide"><table><thead><tr><th scope="col">no.</th><th scope="col">matches</th><th scope="col">when</th><th scope="col">does</th><th scope="col">hits</th><th scope="col"></th></tr></thead>
    <tbody>${repeat(faults, (fault) => fault.id, (fault) => html`<tr>
      <td>${fault.id}</td><td data-name="matches">${members(fault.match) || "any request"}</td><td data-name="when">${members(fault.when)}</td><td data-name="does">${members(fault.then)}</td>
      <td data-name="hits">${count(fault.hits)} of ${count(fault.met)} that match</td>
      <td><button type="button" @click=${() => remove(`remove fault ${fault.id}`, `/faults/${fault.id}`)}>Remove</button></td></tr>`)}</tbody></table></div>
    <p><button type="button" @click=${() => remove("remove all faults", "/faults")}>Remove all</button></p>`;
}

const members = (object) =>
  Object.entries(object ?? {}).map(([name, value]) => (value === true ? words(name) : `${words(name)} ${json(value) || '""'}`)).join(", ");
