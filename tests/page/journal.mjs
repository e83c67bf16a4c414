// The journal as it grows.

import { holds, reads, same, serve, shows, step } from "./lab.mjs";
import { hostile, login } from "./traffic.mjs";

const lines = (page) => page.locator(".lines tbody");

export default async function play() {
  const server = await serve();
  const document = await server.document();
  await login(document);
  const page = await shows(server, "");

  await step("a line an exchange: time, duration, vendor, endpoint, status, who", async () => {
    await lines(page).first().waitFor();
    const cells = await lines(page).first().locator("td").allInnerTexts();
    same(cells.length, 8);
    holds(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}$/.test(cells[1]), cells);
    holds(/^\d+ ms$|^\d\.\d s$/.test(cells[2]), cells);
    same(cells.slice(3, 6), ["pattern", "token", "200"]);
    same(cells[6], document.vendors.pattern.credentials.client_id);
    holds((await page.locator("thead").innerText()).includes("mock's clock, UTC"), "the clock is not named");
  });

  await step("a new exchange shows by itself, and why it was refused", async () => {
    await login(document, "wrong");
    const refused = lines(page).filter({ hasText: "wrong secret" });
    await refused.waitFor();
    const text = await refused.innerText();
    for (const word of ["401", "rule", "expected", "received"]) holds(text.includes(word), text);
  });

  await step("what is hostile is text", async () => {
    const answer = await hostile(server);
    holds(/^HTTP\/1.1 4/.test(answer), answer);
    await lines(page).nth(2).waitFor();
    holds((await lines(page).nth(2).innerText()).includes("<svg/onload=alert(3)>"), await lines(page).nth(2).innerText());
    same(await page.locator("main img, main script, main svg").count(), 0);
  });

  await step("the filters choose lines, and the count says so", async () => {
    await page.locator("select").nth(1).selectOption("denied");
    await reads(page, "showing 2 of 3 entries (filtered");
    await page.getByRole("searchbox").fill("wrong_secret");
    await reads(page, "showing 1 of 3 entries");
    // Live lines must not take back what was chosen.
    await login(document, "wrong");
    await reads(page, "showing 2 of 4 entries");
    same(await page.locator("select").nth(1).inputValue(), "denied");
    same(await page.getByRole("searchbox").inputValue(), "wrong_secret");
    await page.getByRole("searchbox").fill("");
    await page.locator("select").nth(1).selectOption("all");
    await reads(page, "showing 4 of 4 entries.");
  });

  await step("a reader keeps his place, and is told of new lines", async () => {
    for (let count = 0; count < 60; count += 1) await login(document);
    await reads(page, "showing 64 of 64 entries.");
    const box = page.locator(".lines");
    const link = page.getByRole("link", { name: "9", exact: true });
    await link.focus();
    await box.evaluate((node) => (node.scrollTop = 200));
    await page.waitForFunction(() => document.querySelector(".lines").scrollTop === 200);
    const selected = await page.evaluate(() => {
      const cell = document.querySelectorAll(".lines tbody")[8].querySelector(".request");
      getSelection().selectAllChildren(cell);
      return String(getSelection());
    });
    for (let count = 0; count < 5; count += 1) await login(document);
    await page.getByRole("button", { name: "5 new lines" }).waitFor();
    same(await box.evaluate((node) => node.scrollTop), 200);
    same(await page.evaluate(() => String(getSelection())), selected);
    holds(await link.evaluate((node) => node === document.activeElement), "the focus is gone");
    await page.getByRole("button", { name: "5 new lines" }).click();
    await page.waitForFunction(() => {
      const node = document.querySelector(".lines");
      return node.scrollHeight - node.scrollTop - node.clientHeight < 8;
    });
  });

  await step("what fell out of the journal, or was emptied, is said", async () => {
    await page.getByRole("button", { name: "Empty", exact: true }).click();
    await reads(page, "showing 0 of 0 entries");
    await login(document);
    await reads(page, "showing 1 of 1 entry.");
  });

  await step("the journal is saved as HAR", async () => {
    const saved = page.waitForEvent("download");
    await page.getByRole("button", { name: "Save as HAR" }).click();
    const download = await saved;
    same(download.suggestedFilename(), "locum-default.har");
    const chunks = [];
    for await (const chunk of await download.createReadStream()) chunks.push(chunk);
    same(JSON.parse(Buffer.concat(chunks)).log.entries.length, 1);
  });

  await step("a long journal is cut, which is said, and older lines can be read", async () => {
    await Promise.all(Array.from({ length: 520 }, () => login(document)));
    const late = await shows(server, "");
    await reads(late, "showing 500 of 521 entries");
    await late.getByRole("button", { name: "Show older" }).click();
    await reads(late, "showing 521 of 521 entries");
    same(late.complaints, []);
  });

  await step("entries that the limit took are counted", async () => {
    const small = await serve("--stage-memory-limit", "1");
    const long = "x".repeat(8000);
    const urls = (await small.document()).vendors.pattern.urls;
    for (let count = 0; count < 300; count += 1) await fetch(`${urls.api}/${long}`);
    const late = await shows(small, "");
    const { held, dropped } = await small.call("GET", "/journal?limit=0");
    holds(dropped > 0, { held, dropped });
    await reads(late, `showing ${held} of ${held} entries; ${dropped} older entries fell out of the journal`);
    for (let count = 0; count < 5; count += 1) await fetch(`${urls.api}/${long}`);
    await reads(late, "305");
    const facts = await small.call("GET", "/journal?limit=0");
    await reads(late, `showing ${facts.held} of ${facts.held} entries; ${facts.dropped} older`);
    same(late.complaints, []);
    await small.stop();
  });

  await step("the page complains of nothing, and asks nobody else", async () => {
    same(page.complaints, []);
    same([...page.asked].filter((origin) => origin !== "null"), [server.address]);
  });
  await server.stop();
}
