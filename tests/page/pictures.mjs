// A picture of each view at three widths and in both themes, and that none is wider than its window.

import { mkdir } from "node:fs/promises";
import { same, serve, shows, step } from "./lab.mjs";
import { hostile, login } from "./traffic.mjs";

export default async function play() {
  await mkdir("screenshots", { recursive: true });
  const server = await serve();
  const document = await server.document();
  await server.call("POST", "/faults", { match: { vendor: "pattern", endpoint: "token" }, when: { once: true }, then: { status: 503, headers: { "Retry-After": "2" } } });
  for (let count = 0; count < 4; count += 1) await login(document);
  await login(document, "wrong");
  await hostile(server);
  const views = { journal: ".lines tbody", "journal/5": ".headers", verdicts: "article", tokens: "tbody", "tokens/1": ".tree", faults: "tbody", settings: "tbody", connect: "section", stages: "tbody", nowhere: "h2" };
  for (const width of [400, 800, 1400]) {
    for (const colorScheme of ["light", "dark"]) {
      const page = await shows(server, "", { colorScheme, viewport: { width, height: 900 } });
      for (const [fragment, drawn] of Object.entries(views)) {
        await step(`${fragment} at ${width} px, ${colorScheme}`, async () => {
          await page.goto(`${server.address}/#${fragment}`);
          await page.locator(`main ${drawn}`).first().waitFor();
          await page.screenshot({ path: `screenshots/${fragment.replace("/", "-")}-${width}-${colorScheme}.png` });
          same(await page.evaluate(() => window.document.documentElement.scrollWidth > innerWidth), false);
        });
      }
      same(page.complaints, []);
      await page.context().close();
    }
  }
  await server.stop();
}
