// The mock's clock: it shows, and it turns.

import { holds, reads, same, serve, shows, step } from "./lab.mjs";

export default async function play() {
  const server = await serve();
  const page = await shows(server, "");
  const now = async () => Date.parse((await server.call("GET", "/clock")).now);
  const shown = async () => Date.parse(`${await page.locator(".clock summary b").first().innerText()}Z`);
  const DAY = 86_400_000;
  await page.locator(".clock summary").click();

  await step("it shows the mock's time, in UTC", async () => {
    await reads(page, "as this browser's clock", ".clock");
    holds((await page.locator(".clock summary").innerText()).endsWith("UTC"), "not labelled");
    holds(Math.abs((await shown()) - (await now())) < 60_000, await shown());
  });

  await step("a day passes", async () => {
    await page.getByRole("button", { name: "1 day" }).click();
    await reads(page, "Done: advance the clock", ".notice");
    await reads(page, "24.0 h ahead of this browser's clock", ".clock");
    holds((await now()) - Date.now() > DAY - 60_000, "the mock's clock was not advanced");
    holds((await shown()) - Date.now() > DAY - 60_000, "the page shows another time");
  });

  await step("it freezes and runs again", async () => {
    await page.getByRole("button", { name: "Freeze" }).click();
    await page.locator(".clock .frozen").waitFor();
    same((await server.call("GET", "/clock")).mode, "frozen");
    await page.getByRole("button", { name: "Let it run" }).click();
    await page.locator(".clock .frozen").waitFor({ state: "detached" });
    same((await server.call("GET", "/clock")).mode, "running");
  });

  await step("it goes back to now", async () => {
    await page.getByRole("button", { name: "Back to now" }).click();
    await reads(page, "as this browser's clock", ".clock");
    holds(Math.abs((await now()) - Date.now()) < 60_000, "the mock's clock is elsewhere");
    holds(Math.abs((await shown()) - Date.now()) < 60_000, "the page shows another time");
  });

  await step("somebody else's change shows by itself", async () => {
    await server.call("POST", "/clock", { now: "2031-02-03T04:05:06Z", mode: "frozen" });
    await reads(page, "2031-02-03 04:05:06", ".clock");
  });

  await step("what cannot be done is told in words", async () => {
    await page.getByLabel("seconds").fill("soon");
    await page.getByRole("button", { name: "Advance", exact: true }).click();
    await reads(page, "The clock was not advanced: give a number", "[role=alert]");
    await page.getByLabel("seconds").fill("1e15");
    await page.getByRole("button", { name: "Advance", exact: true }).click();
    await reads(page, "Could not advance the clock: the clock would show a time", "[role=alert]");
  });

  await step("the page complains of nothing", async () => same(page.complaints, []));
  await server.stop();
}
