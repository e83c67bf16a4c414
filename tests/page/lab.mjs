// A `locum serve`, a browser in front of it, and steps that are counted.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { chromium } from "playwright-core";

const { LOCUM, CHROMIUM } = process.env;
const running = new Set();
let [passed, failed] = [0, 0];
let browser;

/** Runs one step; what it throws is its failure. */
export async function step(name, run) {
  try {
    await run();
    passed += 1;
    console.log(`ok    ${name}`);
  } catch (fault) {
    failed += 1;
    console.log(`FAIL  ${name}: ${fault.stack ?? fault}`);
  }
}

export function holds(condition, said) {
  if (!condition) throw new Error(typeof said === "string" ? said : JSON.stringify(said));
}

export const same = (received, expected) =>
  holds(JSON.stringify(received) === JSON.stringify(expected), `${JSON.stringify(received)} is not ${JSON.stringify(expected)}`);

/** Starts `locum serve`, by default on any port. */
export async function serve(...options) {
  const port = options.includes("--port") ? [] : ["--port", "0"];
  const child = spawn(LOCUM, ["serve", ...port, ...options], { stdio: ["ignore", "pipe", "inherit"] });
  running.add(child);
  let told = "";
  const started = new Promise((resolve, reject) => {
    child.stdout.on("data", (bytes) => {
      told += bytes;
      if (/^PAGE .*\n/m.test(told)) resolve();
    });
    child.on("exit", (code) => reject(new Error(`locum serve ended with ${code}: ${told}`)));
  });
  await started;
  const address = /^LISTENING (\S+)/.exec(told)[1];
  const server = {
    address,
    port: new URL(address).port,
    told: () => told,
    headers: {},
    async call(method, path, body) {
      const response = await fetch(`${address}/_locum${path}`, { method, headers: server.headers, body: body && JSON.stringify(body) });
      holds(response.ok, `${method} ${path}: ${response.status} ${await response.clone().text()}`);
      return response.json();
    },
    document: () => server.call("GET", "/stages/default"),
    async stop() {
      const ended = once(child, "exit");
      child.kill("SIGTERM");
      await ended;
      running.delete(child);
    },
  };
  return server;
}

/** A tab of its own; what it complains of is in `page.complaints`. */
export async function tab(options = {}) {
  browser ??= await chromium.launch({ executablePath: CHROMIUM, args: ["--no-sandbox"] });
  const context = await browser.newContext({ viewport: { width: 1200, height: 800 }, ...options });
  const page = await context.newPage();
  page.complaints = [];
  page.asked = new Set();
  page.on("pageerror", (fault) => page.complaints.push(String(fault.stack ?? fault)));
  page.on("console", (message) => {
    // A refused call is logged by the browser, and told by the page in words.
    if (message.type() === "error" && !/Failed to load resource/.test(message.text())) page.complaints.push(message.text());
  });
  page.on("request", (request) => page.asked.add(new URL(request.url()).origin));
  page.on("dialog", (dialog) => {
    page.complaints.push(`a dialog: ${dialog.message()}`);
    dialog.dismiss();
  });
  return page;
}

/** A tab that shows the view at `fragment` of a server that lives. */
export async function shows(server, fragment, options) {
  const page = await tab(options);
  await page.goto(`${server.address}/${fragment}`);
  await page.locator(".connection.live").waitFor();
  return page;
}

/** Waits until the page's content has this text. */
export const reads = (page, text, where = "main") => page.locator(where).filter({ hasText: text }).first().waitFor();

export async function end() {
  await browser?.close();
  for (const child of running) child.kill("SIGKILL");
  console.log(`${passed} passed, ${failed} failed`);
  process.exitCode = failed > 0 || passed === 0 ? 1 : 0;
}
