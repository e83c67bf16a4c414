// A websocket: shown while it is open, until it closes.

import WebSocket from "ws";
import { reads, same, serve, shows, step } from "./lab.mjs";

export default async function play() {
  const server = await serve();
  const { urls, credentials } = (await server.document()).vendors.corti;
  const { client_id, client_secret, tenant } = credentials;
  const reply = await fetch(urls.token, { method: "POST", body: new URLSearchParams({ grant_type: "client_credentials", client_id, client_secret }) });
  const { access_token } = await reply.json();
  const page = await shows(server, "");
  const socket = new WebSocket(`${urls.ws}/transcribe?tenant-name=${tenant}&token=${encodeURIComponent(`Bearer ${access_token}`)}`);
  await new Promise((resolve, reject) => socket.on("open", resolve).on("error", reject));

  await step("an open websocket is shown as open", async () => {
    await page.locator(".lines tbody.open").filter({ hasText: "open" }).waitFor();
    await page.locator(".lines tbody.open a").click();
    await reads(page, "open websocket");
    await reads(page, "0 frames");
  });

  await step("its frames come in while it is open", async () => {
    socket.send(JSON.stringify({ type: "config", configuration: { primaryLanguage: "en" } }));
    await reads(page, "CONFIG_ACCEPTED");
  });

  await step("that it closed is seen, in the exchange and in the journal", async () => {
    socket.close(1000);
    await page.locator("dt").filter({ hasText: "closed" }).waitFor();
    same(await page.getByText("open websocket").count(), 0);
    await page.getByRole("link", { name: "← journal" }).click();
    await page.locator(".lines tbody").filter({ hasText: "transcribe" }).filter({ hasText: "101" }).waitFor();
    same(await page.locator(".lines tbody.open").count(), 0);
  });

  await step("the page complains of nothing", async () => same(page.complaints, []));
  await server.stop();
}
