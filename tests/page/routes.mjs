// Addresses inside the page, those that lead nowhere too.

import { reads, same, serve, shows, step } from "./lab.mjs";

const LOST = ["#constructor", "#__proto__", "#toString/1", "#journal/NaN", "#journal/0", "#journal/1e3", "#journal/-1", "#journal/1/2", "#s", "#s/", "#s/x/hasOwnProperty", "#%", "#%ff/1", "#<b>"];

export default async function play() {
  const server = await serve();
  await server.call("POST", "/stages", { name: "mine" });
  const page = await shows(server, "");
  for (const fragment of LOST) {
    await step(`nothing is at ${fragment}`, async () => {
      await page.goto(`${server.address}/${fragment}`);
      await reads(page, "Nothing is at this address of the page");
      same(await page.title(), "Not found · locum");
    });
  }
  await step("the way on leads to the journal", async () => {
    await page.getByRole("link", { name: "The journal" }).click();
    await reads(page, "showing 0 of 0 entries");
  });
  await step("a stage has addresses of its own", async () => {
    await page.goto(`${server.address}/#s/mine/journal`);
    await reads(page, "mine", ".stage");
    await fetch(`${server.address}/s/mine/pattern/x`);
    await reads(page, "showing 1 of 1 entry");
  });
  await step("a stage that is not there is told in words", async () => {
    await page.goto(`${server.address}/#s/nobody/journal`);
    await reads(page, "no stage called", ".connection.lost");
  });
  await step("the page complains of nothing", async () => same(page.complaints, []));
  await server.stop();
}
