// No secret reaches the page: not the list, not the exchanges, not the tokens, not what is beside them.

import { holds, reads, same, serve, step, tab } from "./lab.mjs";
import { login } from "./traffic.mjs";

const CONTROL = "canary-control-0123456789";
const IS_SECRET = /secret|password|totp|admin_access_key|jwks/;

/** All texts below members that are called like secrets. */
function secretsOf(value, name = "") {
  if (typeof value === "string") return IS_SECRET.test(name) && value.length > 5 ? [value] : [];
  if (Array.isArray(value)) return value.flatMap((one) => secretsOf(one, name));
  return Object.entries(value ?? {}).flatMap(([name, inner]) => secretsOf(inner, name));
}

export default async function play() {
  const server = await serve("--control-token", CONTROL);
  server.headers = { authorization: `Bearer ${CONTROL}` };
  const document = await server.document();
  const { pattern, corti } = document.vendors;
  const secrets = new Set([CONTROL, ...secretsOf(Object.values(document.vendors).map(({ credentials, principals }) => ({ credentials, principals })))]);

  // Logins that succeed, that fail nearly, that misplace what they send; calls with their tokens.
  const keep = async (reply) => {
    const told = await (await reply).json().catch(() => ({}));
    for (const [name, value] of Object.entries(told)) if (/_token$/.test(name)) secrets.add(value);
    return told;
  };
  const granted = await keep(login(document));
  await keep(login(document, `${pattern.credentials.client_secret}x`));
  await keep(login(document, ` ${pattern.credentials.client_secret}`));
  const { client_id, client_secret } = corti.credentials;
  await keep(fetch(`${corti.urls.token}?client_secret=${client_secret}`, { method: "POST", body: new URLSearchParams({ grant_type: "client_credentials", client_id, client_secret }) }));
  const { username, password } = corti.principals.realms[0].users[0];
  const first = await keep(fetch(corti.urls.token, { method: "POST", body: new URLSearchParams({ grant_type: "password", client_id: "locum-app", username, password, scope: "openid" }) }));
  await keep(fetch(corti.urls.token, { method: "POST", body: new URLSearchParams({ grant_type: "refresh_token", client_id: "locum-app", refresh_token: first.refresh_token }) }));
  for (const shown of [granted.access_token, `${granted.access_token}x`, first.access_token]) {
    await fetch(`${pattern.urls.api}/nothing?token=${encodeURIComponent(shown)}`, { headers: { authorization: `Bearer ${shown}`, cookie: `t=${shown}` } });
    await fetch(`${corti.urls.api}/interactions/`, { headers: { authorization: `Bearer ${shown}`, "tenant-name": corti.credentials.tenant } });
  }

  const page = await tab();
  await page.goto(`${server.address}/`);
  await page.locator("form.token input").fill(CONTROL);
  await page.getByRole("button", { name: "Use it" }).click();
  await page.locator(".connection.live").waitFor();
  const { entries } = await server.call("GET", "/journal");
  const { tokens } = await server.call("GET", "/tokens");
  holds(secrets.size > 15 && entries.length > 10 && tokens.length > 5, [secrets.size, entries.length, tokens.length]);

  /** What of the secrets is anywhere in the page: text, attributes, what is typed, the title, the address. */
  const found = async () => {
    const all = await page.evaluate(() => {
      const typed = [...window.document.querySelectorAll("input, select, textarea")].map((node) => node.value);
      return [window.document.documentElement.outerHTML, window.document.title, location.href, JSON.stringify(localStorage), ...typed].join("\n");
    });
    const spellings = (secret) => [secret, encodeURIComponent(secret), JSON.stringify(secret).slice(1, -1), btoa(unescape(encodeURIComponent(secret)))];
    return [...secrets].filter((secret) => spellings(secret).some((spelling) => all.includes(spelling)));
  };
  const visit = async (fragment, text) => {
    await page.goto(`${server.address}/#${fragment}`);
    await reads(page, text);
    same(await found(), []);
  };

  await step("the list has none", () => visit("journal", `of ${entries.length} entries`));
  await step("no exchange has any", async () => {
    for (const { id } of entries) {
      await page.goto(`${server.address}/#journal/${id}`);
      await page.waitForFunction((id) => window.document.title.startsWith(`Exchange ${id} `) && window.document.querySelector("main .headers"), id);
      await page.locator("details").evaluateAll((all) => all.forEach((one) => (one.open = true)));
      same(await found(), []);
    }
  });
  await step("the tokens have none", () => visit("tokens", "the newest first"));
  await step("no token has any", async () => {
    for (const { id, name } of tokens) await visit(`tokens/${id}`, name);
  });
  await step("the verdicts have none", () => visit("verdicts", "entries judged"));
  await step("faults, settings and stages have none", async () => {
    await visit("faults", "None: the vendors behave");
    await visit("settings", "reason and source");
    await visit("stages", "default");
  });
  await step("what clients are configured with has none until it is asked for", async () => {
    await visit("connect", corti.credentials.client_id);
    await page.getByRole("button", { name: "Show with secrets" }).click();
    await page.locator("pre[aria-label=environment]").waitFor();
    holds((await found()).includes(client_secret), "a secret on the page is not found by this test");
    await page.getByRole("button", { name: "Hide" }).click();
    await page.locator("pre[aria-label=environment]").waitFor({ state: "detached" });
    same(await found(), []);
  });
  await step("the page complains of nothing", async () => same(page.complaints, []));
  await server.stop();
}
