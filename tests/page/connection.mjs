// A server that ends, falls silent, comes back, or wants its token.

import { createServer, connect } from "node:net";
import { once } from "node:events";
import { holds, reads, same, serve, shows, step, tab } from "./lab.mjs";
import { login } from "./traffic.mjs";

/** A way to the server that can fall silent, as a laptop that sleeps or a lost network does. */
async function way(port) {
  const pairs = new Set();
  const proxy = createServer((near) => {
    const far = connect(port, "127.0.0.1");
    const pair = { near, far };
    pairs.add(pair);
    near.pipe(far).pipe(near);
    for (const socket of [near, far]) {
      socket.on("error", () => {});
      socket.on("close", () => {
        near.destroy();
        far.destroy();
        pairs.delete(pair);
      });
    }
  });
  proxy.listen(0, "127.0.0.1");
  await once(proxy, "listening");
  return {
    address: `http://127.0.0.1:${proxy.address().port}`,
    /** Keeps connections, and lets nothing through them any more. */
    silence() {
      for (const { near, far } of pairs) {
        near.unpipe(far);
        far.unpipe(near);
        near.resume();
        far.resume();
      }
    },
    end: () => {
      for (const { near } of pairs) near.destroy();
      proxy.close();
    },
  };
}

export default async function play() {
  let server = await serve();
  let document = await server.document();
  const page = await shows(server, "");
  for (let count = 0; count < 3; count += 1) await login(document);
  await reads(page, "showing 3 of 3 entries");

  await step("a server that ended is seen, and what can be done", async () => {
    await server.stop();
    await reads(page, "disconnected", ".connection.lost");
    await reads(page, "is `locum serve` still running?", ".connection.lost");
    await page.locator(".clock summary").click();
    await page.getByRole("button", { name: "1 day" }).click();
    await reads(page, "Could not advance the clock: the server does not answer", "[role=alert]");
    same(await page.locator(".lines tbody").count(), 3);
  });

  await step("another server at the same address is another journal", async () => {
    server = await serve("--port", server.port);
    document = await server.document();
    await login(document);
    await page.locator(".connection.live").waitFor();
    await reads(page, "showing 1 of 1 entry.");
    await login(document);
    await reads(page, "showing 2 of 2 entries.");
    same(page.complaints, []);
  });

  await step("a connection that falls silent is seen and made again, and nothing is missed", async () => {
    const proxy = await way(server.port);
    const far = await tab();
    await far.clock.install();
    await far.goto(`${proxy.address}/`);
    await far.locator(".connection.live").waitFor();
    await reads(far, "showing 2 of 2 entries.");
    proxy.silence();
    await login(document);
    await far.clock.fastForward(41_000);
    await reads(far, "fallen silent", ".connection.lost");
    await far.clock.fastForward(1500);
    await far.locator(".connection.live").waitFor();
    await reads(far, "showing 3 of 3 entries.");
    same(far.complaints, []);
    proxy.end();
  });

  await step("by a name that is not allowed, the page says so and what to do", async () => {
    // Browsers take any name below localhost for this machine.
    const far = await tab();
    await far.goto(`http://mocks.localhost:${server.port}/`);
    await reads(far, "the control API does not answer to the name `mocks.localhost", ".connection.refused");
    await reads(far, "--allow-host", ".connection.refused");
    same(await far.locator(".lines tbody").count(), 0);
    same(far.complaints, []);
  });
  await server.stop();

  await step("a guarded server is asked with its token, which the page does not show", async () => {
    const guarded = await serve("--control-token", "canary-control");
    guarded.headers = { authorization: "Bearer canary-control" };
    const page = await tab();
    await page.goto(`${guarded.address}/`);
    await reads(page, "wants the token of its control API", "form.token");
    const give = async (token) => {
      await page.locator("form.token input").fill(token);
      await page.getByRole("button", { name: "Use it" }).click();
    };
    await give("gehëim");
    await reads(page, "The token was not taken: a token has letters, digits and signs of ASCII only", "[role=alert]");
    await give("");
    await reads(page, "the token is empty", "[role=alert]");
    await give("wrong");
    await reads(page, "The server did not take this token", "form.token");
    await give("canary-control");
    await page.locator(".connection.live").waitFor();
    await login(await guarded.document());
    await reads(page, "showing 1 of 1 entry.");
    holds(!(await page.content()).includes("canary-control"), "the page has the token");
    holds(!page.url().includes("canary-control"), "the address has the token");
    same(page.complaints, []);
    await guarded.stop();
  });
}
