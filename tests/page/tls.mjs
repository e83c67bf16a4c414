// The page over https, and what it says of an exchange that came by TLS.

import { holds, reads, same, serve, step, tab } from "./lab.mjs";

export default async function play() {
  const server = await serve("--tls", "--tls-port", "0");
  const address = /^PAGE (\S+)$/m.exec(server.told())[1];

  await step("the address that is printed is https, and shows exchanges over TLS", async () => {
    holds(address.startsWith("https://127.0.0.1:"), address);
    const page = await tab({ ignoreHTTPSErrors: true });
    await page.goto(address);
    await page.locator(".connection.live").waitFor();
    await page.evaluate(() => fetch("/pattern/nothing"));
    await page.locator(".lines tbody a").first().click();
    await reads(page, "certificate shown");
    const text = await page.locator("main").innerText();
    for (const word of ["good", "TLSv1_3", "TLS13_"]) holds(text.includes(word), `${word} is not in ${text}`);
    same(page.complaints, []);
  });
  await server.stop();
}
