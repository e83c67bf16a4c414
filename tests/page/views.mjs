// Verdicts, tokens, faults, settings, what clients are configured with, stages.

import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { holds, reads, same, serve, shows, step } from "./lab.mjs";
import { login } from "./traffic.mjs";

const run = promisify(execFile);
const done = (page, text) => reads(page, text, "[role=status]");
const failed = (page, text) => reads(page, text, "[role=alert]");

export default async function play() {
  const server = await serve();
  const document = await server.document();
  const page = await shows(server, "#verdicts");

  await step("verdicts follow the journal, and lead to what proves them", async () => {
    await reads(page, "0 entries judged");
    await login(document, "wrong");
    await reads(page, "1 entry judged, up to number 1");
    const row = page.locator("article").filter({ has: page.locator("h3", { hasText: "FAIL CLI-28" }) });
    await row.waitFor();
    await row.getByText("the way to it").click();
    same(await row.locator("pre").textContent(), "locum explain CLI-28");
    await row.getByRole("link", { name: "1", exact: true }).click();
    await reads(page, "Requirements that it shows");
    await reads(page, "CLI-28");
  });

  await step("a busy journal is not judged at each line", async () => {
    let judged = 0;
    const began = performance.now();
    page.on("request", (request) => (judged += request.url().endsWith("/verdicts") ? 1 : 0));
    await page.goto(`${server.address}/#verdicts`);
    for (let count = 0; count < 40; count += 1) await login(document);
    await reads(page, "41 entries judged, up to number 41");
    // No more often than every two seconds, however many lines come.
    const most = (performance.now() - began) / 2000 + 2;
    holds(judged <= most, `${judged} times for 40 entries`);
  });

  await step("tokens are listed, the newest first", async () => {
    await page.goto(`${server.address}/#tokens`);
    await reads(page, "showing 40 of 40 tokens, the newest first");
    same(await page.locator("tbody tr td:first-child").first().innerText(), "40");
  });

  await step("a token is revoked, and its state follows", async () => {
    await page.locator("tbody tr").first().getByRole("button", { name: "Revoke" }).click();
    await done(page, "Done: revoke token 40");
    await page.locator("tbody tr").first().filter({ hasText: "revoked" }).waitFor();
    same((await server.call("GET", "/tokens/40")).state, "revoked");
  });

  await step("the lineage of a token is drawn, and leads to the exchanges that made it", async () => {
    const { urls, principals } = document.vendors.corti;
    const { username, password } = principals.realms[0].users[0];
    const ask = async (pairs) => (await fetch(urls.token, { method: "POST", body: new URLSearchParams({ client_id: "locum-app", scope: "openid", ...pairs }) })).json();
    let { refresh_token } = await ask({ grant_type: "password", username, password });
    for (let count = 0; count < 2; count += 1) ({ refresh_token } = await ask({ grant_type: "refresh_token", refresh_token }));
    const { tokens } = await server.call("GET", "/tokens?kind=refresh");
    same(tokens.length, 3);
    await page.goto(`${server.address}/#tokens/${tokens[2].id}`);
    await reads(page, "Lineage");
    const depth = await page.locator(".tree b").evaluate((node) => {
      let depth = 0;
      for (let at = node; at; at = at.parentElement.closest(".tree ul")) depth += 1;
      return depth;
    });
    same(depth, 3);
    same(await page.locator(".tree li").first().locator("> .token-node a").first().innerText(), tokens[0].name);
    await page.locator(".tree b + span + a").click();
    await reads(page, "grant_type = refresh_token");
    await page.goto(`${server.address}/#tokens/9999`);
    await reads(page, "token");
    await failed(page, "9999");
  });

  await step("a fault is chosen from the menu, fires, and counts its hits", async () => {
    await page.goto(`${server.address}/#faults`);
    await page.getByLabel("vendor").selectOption("pattern");
    await page.getByLabel("endpoint").selectOption("token");
    await page.getByLabel("what").selectOption("limited");
    await page.getByLabel("when").selectOption("first");
    await page.getByLabel("n", { exact: true }).fill("1");
    await page.getByRole("button", { name: "Add" }).click();
    await done(page, "Done: add the fault");
    await reads(page, "0 of 0 that match");
    const reply = await login(document);
    same([reply.status, reply.headers.get("retry-after")], [429, "2"]);
    same((await login(document)).status, 200);
    await reads(page, "1 of 2 that match");
  });

  await step("what was chosen and typed outlives what comes in", async () => {
    await page.getByLabel("client or user").fill("half a na");
    await login(document);
    await reads(page, "1 of 3 that match");
    same(await page.getByLabel("endpoint").inputValue(), "token");
    same(await page.getByLabel("what").inputValue(), "limited");
    same(await page.getByLabel("client or user").inputValue(), "half a na");
    holds(await page.getByLabel("client or user").evaluate((node) => node === window.document.activeElement), "the focus is gone");
  });

  await step("a fault that cannot be is told in words", async () => {
    await page.getByLabel("what").selectOption("status");
    await page.getByLabel("status", { exact: true }).fill("99");
    await page.getByRole("button", { name: "Add" }).click();
    await failed(page, "Could not add the fault: `status` is 99. from 200 to 599");
    await page.getByLabel("status", { exact: true }).fill("many");
    await page.getByRole("button", { name: "Add" }).click();
    await failed(page, "The fault was not added: status is not a whole number");
    await page.getByRole("button", { name: "Remove", exact: true }).click();
    await reads(page, "None: the vendors behave");
  });

  await step("settings say reason and source, and are changed and put back", async () => {
    await page.goto(`${server.address}/#settings`);
    await page.getByRole("searchbox").fill("pattern.token_ttl_ms");
    const row = page.locator("tbody tr").filter({ hasText: "pattern.token_ttl_ms" });
    const reason = (await server.call("GET", "/settings"))["pattern.token_ttl_ms"].reason;
    holds((await row.innerText()).includes(reason), reason);
    await row.getByRole("textbox").fill("2000");
    await row.getByRole("button", { name: "Set" }).click();
    await done(page, "pattern.token_ttl_ms is 2000 now");
    same((await server.call("GET", "/settings"))["pattern.token_ttl_ms"].value, 2000);
    await row.getByRole("textbox").fill("soon");
    await row.getByRole("button", { name: "Set" }).click();
    await failed(page, "was not set");
    await row.getByRole("button", { name: "Put back" }).click();
    await row.getByRole("button", { name: "Put back" }).waitFor({ state: "detached" });
    await server.call("PATCH", "/settings", { "pattern.token_ttl_ms": 3000 });
    await page.waitForFunction(() => window.document.querySelector("main tbody input").value === "3000");
  });

  await step("the environment is what `locum env` prints", async () => {
    await page.goto(`${server.address}/#connect`);
    await page.getByLabel("vendor").selectOption("corti");
    await page.getByLabel("format").selectOption("sh");
    await page.getByRole("button", { name: "Show with secrets" }).click();
    const shown = await page.locator("pre[aria-label=environment]").textContent();
    const { stdout } = await run(process.env.LOCUM, ["env", "corti", "--format", "sh", "--url", server.address]);
    same(shown.split("\n").sort(), stdout.split("\n").sort());
    await page.getByRole("button", { name: "Hide" }).click();
    await page.locator("pre[aria-label=environment]").waitFor({ state: "detached" });
  });

  await step("a secret is copied without being shown", async () => {
    await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
    const { client_secret } = document.vendors.corti.credentials;
    await page.locator("section").filter({ hasText: "corti" }).locator("dl div").filter({ hasText: "client_secret" }).getByRole("button", { name: "Copy" }).click();
    await done(page, "Copied");
    same(await page.evaluate(() => navigator.clipboard.readText()), client_secret);
    holds(!(await page.content()).includes(client_secret), "the secret is shown");
  });

  await step("stages are made, reset and deleted", async () => {
    await page.goto(`${server.address}/#stages`);
    await page.getByLabel("name").fill("mine");
    await page.getByRole("button", { name: "Make a stage" }).click();
    await done(page, "The stage mine is made");
    await page.getByLabel("name").fill("mine");
    await page.getByRole("button", { name: "Make a stage" }).click();
    await failed(page, "a stage called `mine` exists already");
    const row = page.locator("tbody tr").filter({ hasText: "mine" });
    await row.getByRole("button", { name: "Delete" }).click();
    await done(page, "Done: delete the stage mine");
    await row.waitFor({ state: "detached" });
    await page.locator("tbody tr").first().getByRole("button", { name: "Reset" }).click();
    await done(page, "Done: reset the stage default");
    same((await server.call("GET", "/journal?limit=0")).held, 0);
  });

  await step("everything is reached with the keyboard, and the focus shows", async () => {
    await page.goto(`${server.address}/#journal`);
    await page.reload();
    await login(document);
    await page.locator(".lines tbody a").first().waitFor();
    await page.keyboard.press("Tab");
    same(await page.evaluate(() => window.document.activeElement.textContent), "To the content");
    const seen = new Set();
    for (let count = 0; count < 40; count += 1) {
      await page.keyboard.press("Tab");
      const at = await page.evaluate(() => {
        const node = window.document.activeElement;
        return { name: node.textContent.trim().slice(0, 30) || node.className, outline: getComputedStyle(node).outlineStyle, body: node === window.document.body };
      });
      if (at.body) break;
      holds(at.outline !== "none", `no outline on ${at.name}`);
      seen.add(at.name);
    }
    for (const name of ["locum", "Verdicts", "Stages", "Empty", "Save as HAR"]) holds(seen.has(name), `${name} is not among ${[...seen]}`);
    await page.getByRole("link", { name: "Tokens" }).focus();
    await page.keyboard.press("Enter");
    await reads(page, "the newest first");
  });

  await step("the page complains of nothing, and asks nobody else", async () => {
    same(page.complaints, []);
    same([...page.asked].filter((origin) => origin !== "null"), [server.address]);
  });
  await server.stop();
}
