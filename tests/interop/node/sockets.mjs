// A websocket library as published, at Corti's stream: the token in the URL, as the vendor shows it.
import assert from "node:assert";
import WebSocket from "ws";
import { run, stage } from "./place.mjs";

async function token({ urls, credentials }) {
    const { client_id, client_secret } = credentials;
    const body = new URLSearchParams({ grant_type: "client_credentials", client_id, client_secret });
    return (await (await fetch(urls.token, { method: "POST", body })).json()).access_token;
}

/** Opens a socket; resolves with it, or with the status that was answered instead of 101. */
function open(place, path, shown) {
    const url = `${place.urls.ws}/${path}?tenant-name=${place.credentials.tenant}&token=${encodeURIComponent(shown)}`;
    const socket = new WebSocket(url);
    return new Promise((resolve, reject) => {
        socket.on("open", () => resolve(socket));
        socket.on("unexpected-response", (_, reply) => resolve(reply.statusCode));
        socket.on("error", reject);
    });
}

run({
    /** ws: a session to its end, and tokens that are none. */
    async transcribe() {
        const place = (await stage()).vendors.corti;
        const access = await token(place);
        assert.strictEqual(await open(place, "transcribe", "Bearer nothing"), 401);
        assert.strictEqual(await open(place, "transcribe", access), 401, "without the word Bearer");
        const socket = await open(place, "transcribe", `Bearer ${access}`);
        const seen = [];
        const over = new Promise((resolve) => socket.on("close", resolve));
        socket.on("message", (data) => {
            const { type } = JSON.parse(data);
            seen.push(type);
            if (type === "CONFIG_ACCEPTED") {
                for (let frame = 0; frame < 4; frame += 1) socket.send(new Uint8Array(8000));
                socket.send(JSON.stringify({ type: "flush" }));
            }
            if (type === "flushed") socket.send(JSON.stringify({ type: "end" }));
        });
        socket.send(JSON.stringify({ type: "config", configuration: { primaryLanguage: "en" } }));
        await over;
        for (const type of ["CONFIG_ACCEPTED", "transcript", "flushed", "ended"]) assert.ok(seen.includes(type), `${seen}`);
    },
});
