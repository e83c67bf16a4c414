// Stages: isolated worlds on the same server.

import { html } from "./lit-html/lit-html.js";
import { repeat } from "./lit-html/directives/repeat.js";
import { below, call } from "./api.js";
import { count } from "./format.js";
import { Loaded } from "./parts.js";
import { link } from "./route.js";

export function open(page) {
  const stages = new Loaded(page, () => call("GET", "stages"));
  return {
    title: "Stages",
    refresh: () => stages.refresh(),
    draw: () => html`<form class="menu" @submit=${(event) => make(page, event)}>
        <label>name <input name="name" size="16" placeholder="made up" autocomplete="off"></label>
        <label><input type="checkbox" name="listen"> each vendor at the root of a port of its own</label>
        <button>Make a stage</button></form>
      ${stages.show((data) => list(page, data.stages))}`,
  };
}

function make(page, event) {
  event.preventDefault();
  const given = new FormData(event.target);
  const name = given.get("name").trim();
  const spec = { ...(name ? { name } : {}), ...(given.has("listen") ? { listen: true } : {}) };
  return page.act("make a stage", async () => `The stage ${(await call("POST", "stages", spec)).name} is made.`);
}

function list(page, stages) {
  const reset = (name) => page.act(`reset the stage ${name}`, () => call("POST", below(name, "/reset"), {}));
  const remove = (name) => page.act(`delete the stage ${name}`, () => call("DELETE", below(name, "")));
  return html`<div class="wide"><table><thead><tr><th scope="col">stage</th><th scope="col">tokens</th><th scope="col">entries</th><th scope="col">fell out</th><th scope="col">memory</th><th scope="col"></th></tr></thead>
    <tbody>${repeat(stages, (stage) => stage.name, (stage) => html`<tr>
      <td><a href=${link(stage.name, "journal")} aria-current=${stage.name === page.stage ? "true" : "false"}>${stage.name}</a>${stage.name === page.stage ? " (shown)" : ""}</td>
      <td class="number" data-name="tokens">${count(stage.tokens)}</td><td class="number" data-name="entries">${count(stage.entries)}</td><td class="number" data-name="fell out">${count(stage.dropped_entries)}</td>
      <td class="number" data-name="memory">${count(Math.ceil(stage.bytes / 1024))} KiB</td>
      <td><button type="button" @click=${() => reset(stage.name)}>Reset</button> ${stage.name === "default" ? "" : html`<button type="button" @click=${() => remove(stage.name)}>Delete</button>`}</td></tr>`)}</tbody></table></div>
    <p class="quiet">A reset forgets tokens, journal, faults and settings of the stage, and sets its clock back.</p>`;
}
