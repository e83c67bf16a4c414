// Settings: the choices where a vendor's documents are silent, each with its reason and source.

import { html, nothing } from "./lit-html/lit-html.js";
import { repeat } from "./lit-html/directives/repeat.js";
import { count, json, words } from "./format.js";
import { Loaded, source } from "./parts.js";

export function open(page) {
  const settings = new Loaded(page, () => page.call("GET", "/settings"));
  const view = { search: "", changed: false };
  return {
    title: "Settings",
    refresh: () => settings.refresh(),
    draw: () => html`<div class="bar">
        <label>find <input type="search" placeholder="name, reason" @input=${(event) => { view.search = event.target.value.toLowerCase(); page.draw(); }}></label>
        <label><input type="checkbox" @change=${(event) => { view.changed = event.target.checked; page.draw(); }}> changed ones only</label>
      </div>${settings.show((data) => list(page, view, Object.entries(data)))}`,
  };
}

const isChanged = (setting) => JSON.stringify(setting.value) !== JSON.stringify(setting.default);

function list(page, view, settings) {
  const fits = ([name, setting]) =>
    (!view.changed || isChanged(setting)) && (view.search === "" || `${name} ${words(name)} ${setting.reason}`.toLowerCase().includes(view.search));
  const shown = settings.filter(fits);
  return html`<p class="quiet">showing ${count(shown.length)} of ${count(settings.length)} settings.</p>
    <div class="wide"><table class="settings"><thead><tr><th scope="col">setting</th><th scope="col">value</th><th scope="col">default</th><th scope="col">reason and source</th></tr></thead>
    <tbody>${repeat(shown, ([name]) => name, ([name, setting]) => html`<tr>
      <th scope="row"><code>${name}</code></th>
      <td>${field(page, name, setting)}</td>
      <td data-name="default"><code>${json(setting.default)}</code>${isChanged(setting) ? html` <button type="button" @click=${() => patch(page, name, setting.default)}>Put back</button>` : nothing}</td>
      <td>${setting.reason}${setting.source ? html` <small>${source(setting.source)}</small>` : nothing}${setting.assumed ? html` <small>(assumed: no document says it)</small>` : nothing}</td></tr>`)}</tbody></table></div>`;
}

const patch = (page, name, value) => page.act(`set ${name}`, async () => {
  await page.call("PATCH", "/settings", { [name]: value });
  return `${name} is ${json(value)} now.`;
});

/** A form that keeps what is being typed: only a value that changed elsewhere is written into it. */
function field(page, name, setting) {
  const submit = (event) => {
    event.preventDefault();
    const text = String(new FormData(event.target).get("value"));
    let value = text;
    if (typeof setting.default !== "string") {
      try {
        value = JSON.parse(text);
      } catch {
        return page.say(`${name} was not set: ${JSON.stringify(text)} is not a value of JSON.`, true);
      }
    }
    return patch(page, name, value);
  };
  const isBoolean = typeof setting.default === "boolean";
  const values = setting.values.length > 0 ? setting.values : isBoolean ? [true, false] : [];
  const input = values.length > 0
    ? html`<select name="value" aria-label=${name} .value=${json(setting.value)}>${values.map((value) => html`<option value=${json(value)} ?selected=${json(value) === json(setting.value)}>${json(value)}</option>`)}</select>`
    : html`<input name="value" size="10" aria-label=${name} autocomplete="off" .value=${json(setting.value)}>`;
  return html`<form @submit=${submit}>${input} <button>Set</button></form>`;
}
