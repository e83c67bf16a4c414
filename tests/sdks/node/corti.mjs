// @corti/sdk, in the version that CORTI_SDK names: only its environment object points it at a mock.
import { createRequire } from "node:module";
import { Unsupported, serve } from "./protocol.mjs";

const installed = process.env.CORTI_SDK ?? "@corti/sdk";
const { CortiClient } = createRequire(import.meta.url)(installed);
// Version 0.5 adds the path by itself.
const wss = (url) => (installed.endsWith("0.5") ? new URL(url).origin : url);
// From version 1 on, connect() waits until the configuration is accepted.
const waits = installed === "@corti/sdk";

const ENCOUNTER = { identifier: "e1", status: "planned", type: "first_consultation" };
const TRANSCRIBE = { primaryLanguage: "en" };
const STREAM = {
    transcription: {
        primaryLanguage: "en",
        isDiarization: false,
        isMultichannel: false,
        participants: [{ channel: 0, role: "multiple" }],
    },
    mode: { type: "facts", outputLocale: "en" },
};

const clients = new Map();
const sockets = new Map();
const options = (ask) => ({ timeoutInSeconds: (ask.timeout_ms ?? 10_000) / 1000 });

/** Resolves when one of these messages has come; rejects when the session ends without it. */
function told(socket, types, limit) {
    return new Promise((resolve, reject) => {
        const timer = setTimeout(() => reject(new Error(`timed out waiting for ${types}`)), limit);
        const end = (settle, value) => {
            clearTimeout(timer);
            settle(value);
        };
        socket.on("message", (message) => types.includes(message.type) && end(resolve));
        socket.on("error", (fault) => end(reject, fault));
    });
}

serve("@corti/sdk", installed, ["corti"], ["concurrency"], {
    new({ client, config }) {
        const [login, rest] = config.token_url.split(`/${config.tenant}/protocol/`);
        // It makes the token URL by itself, and cannot be given one with a query.
        if (rest !== "openid-connect/token") throw new Unsupported();
        clients.set(client, new CortiClient({
            tenantName: config.tenant,
            environment: { base: config.api_url, wss: wss(config.ws_url), login, agents: new URL(config.api_url).origin },
            auth: { clientId: config.client_id, clientSecret: config.client_secret },
        }));
    },
    async call(ask) {
        const { interactions } = clients.get(ask.client);
        const { pathname, searchParams } = new URL(ask.path, "http://localhost");
        if (pathname !== "/interactions/") throw new Unsupported();
        if (ask.method === "POST") await interactions.create(JSON.parse(ask.body), options(ask));
        else await interactions.list(Object.fromEntries(searchParams), options(ask));
    },
    async list(ask) {
        for await (const item of await clients.get(ask.client).interactions.list({}, options(ask))) void item;
    },
    async create(ask) {
        await clients.get(ask.client).interactions.create({ encounter: ENCOUNTER }, options(ask));
    },
    async ws_open(ask) {
        const { stream, transcribe } = clients.get(ask.client);
        const limit = ask.timeout_ms ?? 10_000;
        const [, id] = /\/interactions\/([^/]+)\/streams?$/.exec(new URL(ask.url).pathname) ?? [];
        const opened = id
            ? stream.connect({ id, configuration: STREAM })
            : transcribe.connect({ configuration: TRANSCRIBE });
        const socket = await opened;
        if (!waits) await told(socket, ["CONFIG_ACCEPTED"], limit);
        const ws = `ws-${sockets.size}`;
        sockets.set(ws, { socket, ended: id ? "ENDED" : "ended" });
        return { ws };
    },
    ws_send(ask) {
        const { socket } = sockets.get(ask.ws);
        if (ask.text === undefined) socket.sendAudio(Buffer.from(ask.base64, "base64"));
        else socket.socket.send(ask.text);
    },
    async ws_close(ask) {
        const { socket, ended } = sockets.get(ask.ws);
        const over = told(socket, [ended], 10_000);
        socket.sendEnd({ type: "end" });
        await over.finally(() => socket.close());
    },
    drop({ client }) {
        clients.delete(client);
    },
});
