// Node's https, as tests/interop/tls.sh asks for.
import assert from "node:assert";
import { readFileSync } from "node:fs";
import https from "node:https";

const { CA, TLS_PORT, TOKEN_PATH, CLIENT_ID, CLIENT_SECRET, HARD_WIRED, BAD_PORTS } = process.env;
const ca = readFileSync(CA);

/** A host name leads to this machine, whatever DNS says. */
const lookup = (name, options, done) =>
    options.all ? done(null, [{ address: "127.0.0.1", family: 4 }]) : done(null, "127.0.0.1", 4);

const token = (host, port, path, trusted) =>
    new Promise((resolve, reject) => {
        const headers = { "content-type": "application/x-www-form-urlencoded" };
        const auth = `${CLIENT_ID}:${CLIENT_SECRET}`;
        const options = { host, port, path, method: "POST", headers, auth, lookup, ca: trusted, agent: false };
        const request = https.request(options, (answer) => {
            let body = "";
            answer.on("data", (chunk) => (body += chunk));
            answer.on("end", () => resolve(body));
        });
        request.on("error", reject);
        request.end("grant_type=client_credentials");
    });

for (const host of ["127.0.0.1", "localhost"]) {
    assert(JSON.parse(await token(host, TLS_PORT, `/pattern${TOKEN_PATH}`, ca)).access_token);
}
assert(JSON.parse(await token(HARD_WIRED, TLS_PORT, TOKEN_PATH, ca)).access_token);

const reasons = ["CERT_HAS_EXPIRED", "CERT_NOT_YET_VALID", "ERR_TLS_CERT_ALTNAME_INVALID",
    "DEPTH_ZERO_SELF_SIGNED_CERT", "SELF_SIGNED_CERT_IN_CHAIN", "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
    "UNABLE_TO_GET_ISSUER_CERT_LOCALLY", "UNABLE_TO_GET_ISSUER_CERT"];
const refused = (port, trusted) =>
    assert.rejects(token("127.0.0.1", port, `/pattern${TOKEN_PATH}`, trusted),
        (error) => reasons.includes(error.code) || assert.fail(`${port}: ${error.code}`));
for (const port of BAD_PORTS.split(" ")) await refused(port, ca);
await refused(TLS_PORT, undefined);
