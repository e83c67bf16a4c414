// `locum/1` on standard input and output, for clients that may be asked several things at once.
import { createInterface } from "node:readline";
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import tls from "node:tls";

const require = createRequire(import.meta.url);

/** The version of an installed package. */
export function version(name) {
    const path = require.resolve.paths(name).map((folder) => `${folder}/${name}/package.json`);
    for (const file of path) {
        try {
            return JSON.parse(readFileSync(file, "utf8")).version;
        } catch (fault) {
            if (fault.code !== "ENOENT") throw fault;
        }
    }
    throw new Error(`${name} is not installed`);
}

/** What a library threw, in its own words; `status` where it names one. */
function failure(fault) {
    const status = fault?.statusCode ?? fault?.status ?? fault?.output?.statusCode ?? fault?.data?.res?.statusCode;
    const codes = [fault?.code, fault?.cause?.code, fault?.cause?.cause?.code].filter((code) => typeof code === "string");
    const text = `${fault?.name}: ${fault?.message}`;
    const named = (pattern) => codes.some((code) => pattern.test(code));
    const error =
        named(/CERT|SELF_SIGNED|UNABLE_TO_VERIFY|SSL|TLS/) ? "tls"
        : named(/TIMEOUT|TIMEDOUT/) || /timeout|timed out/i.test(text) ? "timeout"
        : named(/^E(CONN|PIPE|HOST|NET)|UND_ERR_SOCKET/) ? "network"
        : status === 429 ? "throttled"
        : status === 401 || status === 403 || fault?.error ? "auth"
        : "other";
    return { ok: false, error, message: text, ...(typeof status === "number" ? { status } : {}) };
}

/** Trusts the authorities in a file, as NODE_EXTRA_CA_CERTS would if the run knew them at its start. */
function trust(file) {
    const ca = readFileSync(file);
    const made = trust.original ??= tls.createSecureContext;
    tls.createSecureContext = (options) => made({ ...options, ca: options?.ca ?? ca });
}

/** Answers each request by the function of `ops` that has its name. */
export function serve(name, installed, vendors, caps, ops) {
    createInterface({ input: process.stdin }).on("line", async (line) => {
        const ask = JSON.parse(line);
        let reply;
        if (ask.op === "hello") {
            const served = vendors.includes(ask.vendor);
            const about = { name, version: version(installed), language: "javascript", proto: "locum/1" };
            reply = { ok: true, ...about, ops: served ? Object.keys(ops) : [], caps: served ? caps : [] };
        } else if (!Object.hasOwn(ops, ask.op)) {
            reply = { unsupported: ask.op };
        } else {
            try {
                if (ask.config?.ca_file) trust(ask.config.ca_file);
                reply = { ok: true, ...(await ops[ask.op](ask)) };
            } catch (fault) {
                reply = fault instanceof Unsupported ? { unsupported: ask.op } : failure(fault);
            }
        }
        process.stdout.write(`${JSON.stringify({ id: ask.id, ...reply })}\n`);
    }).on("close", () => process.exit(0)); // sockets that a library keeps open do not keep the shim
}

/** What this library cannot be asked for. */
export class Unsupported extends Error {}

/** The caller's own limit as a signal. */
export const limit = (ask) => AbortSignal.timeout(ask.timeout_ms ?? 10_000);
