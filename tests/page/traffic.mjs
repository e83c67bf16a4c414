// Requests of clients, good and bad.

import { connect } from "node:net";

/** A token request of Pattern's first client, with this secret. */
export function login(document, secret) {
  const { urls, credentials } = document.vendors.pattern;
  const basic = btoa(`${credentials.client_id}:${secret ?? credentials.client_secret}`);
  return fetch(urls.token, { method: "POST", headers: { authorization: `Basic ${basic}` }, body: new URLSearchParams({ grant_type: "client_credentials" }) });
}

/** A request that would be script or markup, if anything took it for that. */
export function hostile(server) {
  const trap = `<img src=x onerror="alert(1)"><script>alert(2)</script>`;
  const url = new URL(server.address);
  const body = String(new URLSearchParams({ grant_type: trap, constructor: trap }));
  const lines = [
    `POST /pattern/api/auth/token?q=<svg/onload=alert(3)> HTTP/1.1`, `Host: ${url.host}`, "Connection: close", `X-Trap: ${trap}`, `X-Link: javascript:alert(4)`,
    "Content-Type: application/x-www-form-urlencoded", `Content-Length: ${Buffer.byteLength(body)}`, "", body,
  ];
  return new Promise((resolve, reject) => {
    const socket = connect(Number(url.port), url.hostname, () => socket.write(lines.join("\r\n")));
    let text = "";
    socket.on("data", (bytes) => (text += bytes));
    socket.on("end", () => resolve(text));
    socket.on("error", reject);
  });
}
