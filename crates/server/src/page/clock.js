// The mock's clock, on every view.

import { html, nothing } from "./lit-html/lit-html.js";
import { length, time } from "./format.js";

const STEPS = [["1 min", 60], ["1 h", 3600], ["1 day", 86_400], ["30 days", 2_592_000]];

/** Differences below this are the way of the answer. */
const ALIKE_MS = 2000;

/** The time that a clock shows by now, which was read at `clock.read` of the browser's own time. */
export const shown = (clock) =>
  Date.parse(clock.now) + (clock.mode === "running" ? performance.now() - clock.read : 0);

/** How far it is from the browser's clock, in words. */
export function distance(clock) {
  const ahead = shown(clock) - Date.now();
  if (Math.abs(ahead) < ALIKE_MS) return "as this browser's clock";
  return `${length(Math.abs(ahead))} ${ahead > 0 ? "ahead of" : "behind"} this browser's clock`;
}

const instant = (milliseconds) => {
  const date = new Date(milliseconds);
  return Number.isNaN(date.getTime()) ? "" : time(date.toISOString()).slice(0, 19);
};

export function draw(page) {
  const { clock } = page;
  if (clock === undefined) return nothing;
  const change = (what, body, path = "/clock") => page.act(what, async () => page.tookClock(await page.call("POST", path, body)));
  const advance = (seconds) => change("advance the clock", { advance_s: seconds });
  const frozen = clock.mode === "frozen";
  return html`<details class="clock">
    <summary>mock's clock <b>${instant(shown(clock))}</b> UTC${frozen ? html` <b class="frozen">frozen</b>` : nothing}</summary>
    <div class="bar">
      <span>${distance(clock)}</span>
      <span>advance by ${STEPS.map(([label, seconds]) => html`<button type="button" @click=${() => advance(seconds)}>${label}</button>`)}</span>
      <form @submit=${(event) => {
        event.preventDefault();
        const text = new FormData(event.target).get("seconds").trim();
        const seconds = Number(text);
        if (text === "" || !Number.isFinite(seconds) || seconds === 0) page.say("The clock was not advanced: give a number of seconds other than 0.", true);
        else advance(seconds);
      }}><label>seconds <input name="seconds" inputmode="decimal" size="8" placeholder="-60 steps back"></label> <button>Advance</button></form>
      <button type="button" @click=${() => change(frozen ? "let the clock run" : "freeze the clock", { mode: frozen ? "running" : "frozen" })}>${frozen ? "Let it run" : "Freeze"}</button>
      <button type="button" @click=${() => change("set the clock back to now", undefined, "/clock/reset")}>Back to now</button>
    </div>
  </details>`;
}
