// Follows a stage's journal: at first the newest entries, then each as it arrives and completes. A
// connection that ends or falls silent is made again where it stopped, so that nothing is missed.

import { below, call, Failure, send, within } from "./api.js";

/** The server sends something every 15 s. */
const SILENCE_MS = 40_000;
const CONNECT_MS = 15_000;
const RETRY_MS = [1000, 2000, 4000, 8000];

/**
 * Follows the journal of `stage` until `stop` of the result is called.
 *
 * `on.state(name, failure)`: `connecting`, `live`, `lost`, or `refused` when trying again is no use.
 * `on.journal(facts, fresh)`: how much the journal holds; `fresh` when another one began.
 * `on.entry(entry)`, `on.dropped(count)`: what was read.
 */
export function follow(stage, first, on) {
  const reader = { stopped: false, control: null, wake: () => {}, last: null, since: null };
  run(stage, first, on, reader);
  return {
    stop() {
      reader.stopped = true;
      reader.control?.abort(new Failure("stopped"));
      reader.wake();
    },
    retry: () => reader.wake(),
  };
}

async function run(stage, first, on, reader) {
  let failures = 0;
  while (!reader.stopped) {
    let failure;
    const live = () => {
      failures = 0;
      if (!reader.stopped) on.state("live");
    };
    try {
      await read(stage, first, on, reader, live);
      failure = new Failure("the connection to the server ended");
    } catch (error) {
      failure = error;
    }
    if (reader.stopped) return;
    const lasting = [401, 403].includes(failure.status);
    on.state(lasting ? "refused" : "lost", failure);
    const pause = RETRY_MS[Math.min(failures, RETRY_MS.length - 1)];
    failures += 1;
    await new Promise((resolve) => {
      const timer = lasting ? 0 : setTimeout(resolve, pause);
      reader.wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    if (!reader.stopped) on.state("connecting");
  }
}

async function read(stage, first, on, reader, live) {
  const facts = await call("GET", below(stage, "/journal?limit=0"));
  if (reader.stopped) return;
  const fresh = facts.since !== reader.since;
  if (fresh) reader.last = null;
  reader.since = facts.since;
  on.journal(facts, fresh);
  const headers = reader.last === null ? {} : { "Last-Event-ID": reader.last };
  const after = Math.max(facts.newest - first, facts.newest - facts.held, 0);
  const query = reader.last === null ? `?after=${after}` : "";
  const control = new AbortController();
  reader.control = control;
  const response = await within(CONNECT_MS, (signal) => {
    signal.addEventListener("abort", () => control.abort(signal.reason));
    return send("GET", below(stage, `/journal/stream${query}`), { headers, signal: control.signal });
  });
  await events(response, control, on, reader, live);
}

async function events(response, control, on, reader, live) {
  const stream = response.body.pipeThrough(new TextDecoderStream()).getReader();
  const silent = new Failure("the server has fallen silent", "the page connects again");
  let timer;
  const heard = () => {
    clearTimeout(timer);
    timer = setTimeout(() => control.abort(silent), SILENCE_MS);
  };
  let rest = "";
  try {
    heard();
    for (;;) {
      const { value, done } = await stream.read();
      if (done || reader.stopped) return;
      heard();
      live();
      const parts = (rest + value).split("\n\n");
      rest = parts.pop();
      for (const part of parts) take(part, on, reader);
    }
  } catch (error) {
    throw control.signal.aborted ? control.signal.reason : new Failure("the connection to the server broke", String(error?.message ?? ""));
  } finally {
    clearTimeout(timer);
    control.abort(silent);
  }
}

function take(text, on, reader) {
  const field = (name) => text.split("\n").find((line) => line.startsWith(`${name}: `))?.slice(name.length + 2);
  const [kind, data] = [field("event"), field("data")];
  if (data === undefined) return;
  if (kind === "dropped") on.dropped(JSON.parse(data).count);
  else on.entry(JSON.parse(data));
  // Only what was taken is passed over when the connection is made again.
  reader.last = field("id") ?? reader.last;
}
