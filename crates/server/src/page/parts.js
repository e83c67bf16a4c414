// Pieces that several views draw. Everything from the journal goes through the templates as text.

import { html, nothing } from "./lit-html/lit-html.js";

/** What failed, in words. */
export const failure = (fault) =>
  fault
    ? html`<p class="failure" role="alert"><strong>${fault.message}</strong>${fault.hint ? html` <span>${fault.hint}</span>` : nothing}</p>`
    : nothing;

/** A list of names and values; rows without a value are left out. */
export const facts = (rows) =>
  html`<dl>${rows.filter(([, value]) => value !== undefined && value !== null && value !== "" && value !== nothing)
    .map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>`;

/** A link to a document of others, where it is one; text otherwise. */
export const source = (text) =>
  /^https?:\/\/\S+$/.test(text ?? "") ? html`<a href=${text} target="_blank" rel="noopener noreferrer">${text}</a>` : text;

/** A text to copy, under its name. */
export const copyable = (page, name, text) => html`
  <div class="copyable">
    <pre tabindex="0" aria-label=${name}>${text}</pre>
    <button type="button" @click=${(event) => copy(page, text, event.currentTarget.previousElementSibling)}>Copy</button>
  </div>`;

/** Copies `text`; where the browser does not let a page, selects `shown`. */
export async function copy(page, text, shown) {
  try {
    await navigator.clipboard.writeText(text);
    page.say("Copied.");
  } catch {
    if (!shown) return page.say("Nothing was copied: the browser lets a page copy only over https or from localhost.", true);
    getSelection().selectAllChildren(shown);
    page.say("The browser does not let this page copy: the text is selected, copy it by hand.", true);
  }
}

/** What is read from the API for one view: the last answer, or why there is none. */
export class Loaded {
  constructor(page, read) {
    Object.assign(this, { page, read, data: undefined, failure: undefined, busy: false });
  }

  async refresh() {
    if (this.busy) return;
    this.busy = true;
    try {
      this.data = await this.read();
      this.failure = undefined;
    } catch (fault) {
      this.failure = fault;
    } finally {
      this.busy = false;
      this.page.draw();
    }
  }

  /** Draws the failure, and `draw(data)` once there is some. */
  show(draw) {
    const shown = this.data === undefined ? (this.failure ? nothing : html`<p class="quiet">reading …</p>`) : draw(this.data);
    return html`${failure(this.failure)}${shown}`;
  }
}
