// One exchange whole.

import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { holds, reads, same, serve, shows, step } from "./lab.mjs";
import { hostile, login } from "./traffic.mjs";

const run = promisify(execFile);

export default async function play() {
  const server = await serve();
  const document = await server.document();
  await login(document, "wrong");
  await hostile(server);
  // Nothing in it is a secret, so that it can be sent again as it stands.
  const odd = "it's é & \"more\"";
  await fetch(`${document.vendors.pattern.urls.token}?a=[1-3]&b={x,y}`, { method: "POST", headers: { "X-Quoted": "it's" }, body: new URLSearchParams({ grant_type: odd, "<script>alert(5)</script>": "<img src=x onerror=alert(6)>" }) });
  const page = await shows(server, "#journal/1");

  await step("a link leads to the exchange: head, body, reply, the reason", async () => {
    await reads(page, "Why it was refused");
    const text = await page.locator("main").innerText();
    holds((await page.locator("main pre").allTextContents()).includes('{\n  "error": "invalid_client"\n}'), "the reply is not indented");
    for (const word of ["POST /api/auth/token", "wrong secret", "expected", "received", "grant_type = client_credentials", "Reply 401", "content-type", "UTC, by the mock's clock"]) {
      holds(text.includes(word), `${word} is not in ${text}`);
    }
  });

  await step("its curl line sends the same again", async () => {
    await page.goto(`${server.address}/#journal/3`);
    await reads(page, "b={x,y}");
    const body = await page.locator("main pre").first().textContent();
    holds(body.endsWith("<script>alert(5)</script> = <img src=x onerror=alert(6)>"), body);
    same(await page.locator("main img, main script").count(), 0);
    const line = await page.locator("pre[aria-label=curl]").textContent();
    const { stdout } = await run("bash", ["-c", line]);
    holds(stdout.startsWith("HTTP/1.1 4"), stdout);
    const { entries } = await server.call("GET", "/journal?after=2");
    same(entries.length, 2);
    const what = ({ method, target, body, headers }) => [method, target, body, headers.filter(([name]) => /^(x-quoted|content-type)$/i.test(name))];
    same(what(entries[1]), what(entries[0]));
  });

  await step("a hostile exchange is text, and its curl line too", async () => {
    await page.goto(`${server.address}/#journal/2`);
    await reads(page, "<svg/onload=alert(3)>");
    await reads(page, "javascript:alert(4)");
    same(await page.locator("main img, main script, main svg, main a[href^=javascript]").count(), 0);
    const line = await page.locator("pre[aria-label=curl]").textContent();
    const { stdout } = await run("bash", ["-c", line]);
    holds(stdout.startsWith("HTTP/1.1 4"), stdout);
  });

  await step("an exchange that is not there is told in words", async () => {
    await page.goto(`${server.address}/#journal/99`);
    await reads(page, "no entry");
  });

  await step("the page complains of nothing", async () => same(page.complaints, []));
  await server.stop();
}
