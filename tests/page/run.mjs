// Plays all parts, or those named.

import { end, step } from "./lab.mjs";

const PARTS = ["journal", "exchange", "clock", "connection", "routes", "views", "socket", "tls", "secrets", "pictures"];

const named = process.argv.slice(2);
try {
  for (const part of named.length > 0 ? named : PARTS) {
    const { default: play } = await import(`./${part}.mjs`);
    // A part that breaks off fails as a step.
    let broke;
    await play().catch((fault) => (broke = fault));
    if (broke) await step(part, () => { throw broke; });
  }
} finally {
  await end();
}
