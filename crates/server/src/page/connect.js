// What a client is configured with. Secrets stay out of the page until somebody asks to see them.

import { html, nothing } from "./lit-html/lit-html.js";
import { repeat } from "./lit-html/directives/repeat.js";
import { copy, copyable, facts, Loaded } from "./parts.js";

/** Credentials that are names; all others are secrets. */
const NAMES = new Set(["client_id", "username", "email", "tenant", "environment", "region", "user_pool_id", "identity_pool_id"]);
const FORMATS = ["dotenv", "sh", "powershell", "github", "json"];

/** The document of the stage without what is secret in it. */
async function read(page) {
  const { vendors, tls } = await page.call("GET", "");
  const open = ({ base, urls, tls_urls, credentials }) => ({
    base, urls, tls_urls,
    credentials: Object.entries(credentials).map(([name, value]) => [name, NAMES.has(name) ? String(value) : undefined]),
  });
  return { tls, vendors: Object.entries(vendors).map(([name, vendor]) => [name, open(vendor)]) };
}

export function open(page) {
  const stage = new Loaded(page, () => read(page));
  const view = { vendor: "", format: "dotenv", shown: undefined };
  stage.refresh();
  return {
    title: "Connect",
    draw: () => html`${environment(page, view)}${stage.show((data) => html`
      ${data.vendors.map(([name, vendor]) => draw(page, name, vendor))}
      ${data.tls ? html`<h2>TLS</h2>${facts([["address", data.tls.base], ["authority", data.tls.ca_pem ? html`<a href="." @click=${(event) => savePem(page, event)}>ca.pem</a>, which clients have to trust` : "the certificate is your own"]])}` : nothing}`)}`,
  };
}

function savePem(page, event) {
  event.preventDefault();
  page.save("the authority", "ca.pem", "application/x-pem-file", () => page.serverText("ca.pem"));
}

function environment(page, view) {
  const choose = (name) => (event) => {
    view[name] = event.target.value;
    view.shown = undefined;
    page.draw();
  };
  const ask = () => page.text(`/env?format=${view.format}${view.vendor === "" ? "" : `&vendor=${view.vendor}`}`);
  const command = `locum env${view.vendor === "" ? "" : ` ${view.vendor}`} --format ${view.format}${page.stage === "default" ? "" : ` --stage ${page.stage}`}`;
  return html`<h2>Environment</h2>
    <div class="bar">
      <label>vendor <select @change=${choose("vendor")}><option value="">all</option>${repeat(page.vendors, (name) => name, (name) => html`<option value=${name}>${name}</option>`)}</select></label>
      <label>format <select @change=${choose("format")}>${FORMATS.map((name) => html`<option value=${name}>${name}</option>`)}</select></label>
      <button type="button" @click=${() => page.act("copy the environment", async () => { await copy(page, await ask()); return page.notice?.message ?? ""; })}>Copy</button>
      <button type="button" @click=${() => (view.shown === undefined ? page.act("show the environment", async () => { view.shown = await ask(); return "The environment is shown, with the mock's secrets."; }) : hide(page, view))}>${view.shown === undefined ? "Show with secrets" : "Hide"}</button>
    </div>
    ${view.shown === undefined ? html`<p class="quiet">The same as <code>${command}</code> prints. It holds the mock's secrets.</p>` : copyable(page, "environment", view.shown)}`;
}

function hide(page, view) {
  view.shown = undefined;
  page.draw();
}

function draw(page, name, vendor) {
  return html`<section><h2>${name}</h2>
    ${facts([["root", vendor.base], ...Object.entries(vendor.urls), ...Object.entries(vendor.tls_urls ?? {}).map(([name, url]) => [`${name}, over TLS`, url])]
      .map(([what, url]) => [what, html`<code>${url}</code>`]))}
    <h3>Credentials</h3>
    ${facts(vendor.credentials.map(([what, value]) => [what, value === undefined ? secret(page, name, what) : html`<code>${value}</code>`]))}</section>`;
}

/** A secret is read again when somebody wants it, and goes no further than the clipboard. */
const secret = (page, vendor, name) => html`<span role="img" aria-label="hidden">••••••••</span>
  <button type="button" @click=${() => page.act(`copy ${name}`, async () => {
    const { vendors } = await page.call("GET", "");
    await copy(page, String(vendors[vendor]?.credentials?.[name] ?? ""));
    return page.notice?.message ?? "";
  })}>Copy</button>`;
