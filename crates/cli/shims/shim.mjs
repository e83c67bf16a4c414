// Lets locum drive a JavaScript client: locum drive pattern -- node shim.mjs
import { readFileSync } from "node:fs";
import http from "node:http";
import https from "node:https";
import { createInterface } from "node:readline";

// ---- your client here: import yours instead of this example, which is one for Pattern Health ----
class Client {
    #config; #ca; #token; #ends = 0; #login; #fault; #quietUntil = 0;

    constructor(config) {
        this.#config = config;
        this.#ca = config.ca_file && readFileSync(config.ca_file);
    }

    /** Follows no redirect: the token is for the vendor, not for another address. */
    #send(method, url, headers, body) {
        const { request } = url.startsWith("https:") ? https : http;
        return new Promise((resolve, reject) => {
            const sent = request(url, { method, headers, ca: this.#ca, timeout: 10_000 }, async (reply) => {
                try {
                    resolve({ status: reply.statusCode, text: (await reply.setEncoding("utf8").toArray()).join("") });
                } catch (fault) {
                    reject(fault);
                }
            });
            sent.on("timeout", () => sent.destroy(new Error("no answer within 10 s"))).on("error", reject).end(body);
        });
    }

    async #logIn() {
        const began = performance.now();
        const { client_id, client_secret, token_url } = this.#config;
        const { status, text } = await this.#send("POST", token_url, {
            "Authorization": `Basic ${Buffer.from(`${client_id}:${client_secret}`).toString("base64")}`,
            "Content-Type": "application/x-www-form-urlencoded",
            "Accept": "application/json",
        }, "grant_type=client_credentials");
        if (status !== 200) throw new Error(`the token endpoint answered ${status}`);
        const { access_token: token, token_type: type, expires_in: life } = JSON.parse(text);
        if (!token || typeof token !== "string" || String(type).toLowerCase() !== "bearer")
            throw new Error("the reply has no usable token");
        this.#ends = began + (typeof life === "number" ? life : 3_600_000); // Pattern counts milliseconds
        return (this.#token = token);
    }

    async #bearer(refused) {
        const live = (margin) =>
            this.#token !== refused && performance.now() < this.#ends - margin ? this.#token : undefined;
        if (!live(60_000) && performance.now() > this.#quietUntil) {
            // One login, however many callers wait for it.
            this.#login ??= this.#logIn()
                .catch((fault) => { [this.#fault, this.#quietUntil] = [fault, performance.now() + 1000]; })
                .finally(() => { this.#login = undefined; });
            const fresh = await this.#login;
            if (fresh) return fresh;
        }
        const token = live(0); // still good, though a new one could not be had
        if (token) return token;
        throw this.#fault;
    }

    async call(method, path, headers, body) {
        const attempt = (token) => this.#send(method, this.#config.api_url + path, {
            "Content-Type": "application/json", ...headers, "Authorization": `Bearer ${token}`,
        }, body);
        const token = await this.#bearer();
        const { status } = await attempt(token);
        return status === 401 ? (await attempt(await this.#bearer(token))).status : status;
    }
}

// ---- the shim: requests on standard input, replies on standard output, logs on standard error ----
const clients = new Map();

async function perform(ask) {
    switch (ask.op) {
        case "hello":
            return { ok: true, name: "example", version: "1", language: "javascript", proto: "locum/1",
                ops: ["new", "call", "drop"], caps: ["concurrency"] };
        case "new":
            clients.set(ask.client, new Client(ask.config));
            return { ok: true };
        case "call":
            return { ok: true, status: await clients.get(ask.client).call(ask.method, ask.path, ask.headers, ask.body) };
        case "drop":
            clients.delete(ask.client);
            return { ok: true };
        default:
            return { unsupported: ask.op };
    }
}

createInterface({ input: process.stdin }).on("line", async (line) => {
    const ask = JSON.parse(line);
    // "auth", "network", "timeout", "tls" or "throttled", if you can tell
    const reply = await perform(ask).catch((fault) => ({ ok: false, error: "other", message: String(fault) }));
    console.log(JSON.stringify({ id: ask.id, ...reply }));
});
