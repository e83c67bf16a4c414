// openid-client against the example mocks/examples/login.toml: code with PKCE, refresh, user info,
// client credentials, introspection, revocation, and what it is refused. Usage: generic.cjs STEP
const assert = require("node:assert/strict");

const STEPS = { "login": login, "public_client": publicClient, "service": service, "refused": refused };

/** Addresses and people of the running example. */
async function stage() {
    const reply = await fetch(`${process.env.CONTROL}/stages/default`);
    const { login } = (await reply.json()).vendors;
    const client = (id) => login.principals.clients.find((one) => one.client_id === id);
    return { issuer: new URL(login.urls.issuer), client };
}

async function configured(oidc, id) {
    const { issuer, client } = await stage();
    const { client_secret: secret, public: open, redirect_uris: uris } = client(id);
    const config = await oidc.discovery(issuer, id, open ? undefined : secret, open ? oidc.None() : undefined, {
        execute: [oidc.allowInsecureRequests],
    });
    return { config, redirect_uri: uris[0] };
}

/** Goes where a browser would go, as far as the client's own address. */
async function browse(url) {
    const reply = await fetch(url, { redirect: "manual" });
    assert.equal(reply.status, 302, await reply.text());
    return new URL(reply.headers.get("location"));
}

async function code(oidc, id, scope, user) {
    const { config, redirect_uri } = await configured(oidc, id);
    const verifier = oidc.randomPKCECodeVerifier();
    const expected = { expectedState: oidc.randomState(), expectedNonce: oidc.randomNonce() };
    const url = oidc.buildAuthorizationUrl(config, {
        redirect_uri,
        scope,
        state: expected.expectedState,
        nonce: expected.expectedNonce,
        code_challenge: await oidc.calculatePKCECodeChallenge(verifier),
        code_challenge_method: "S256",
        login_hint: user,
    });
    const back = await browse(url);
    return { config, back, checks: { pkceCodeVerifier: verifier, idTokenExpected: true, ...expected } };
}

async function login(oidc) {
    const scope = "openid profile email offline_access notes.read";
    const { config, back, checks } = await code(oidc, "web", scope, "ada");
    const tokens = await oidc.authorizationCodeGrant(config, back, checks);
    assert.equal(tokens.claims().email, "ada@example.com");
    assert.deepEqual(tokens.claims().roles, ["clinician"]);
    const info = await oidc.fetchUserInfo(config, tokens.access_token, tokens.claims().sub);
    assert.equal(info.name, "Ada Lovelace");
    const notes = new URL("api/notes", `${config.serverMetadata().issuer}/`);
    const read = await oidc.fetchProtectedResource(config, tokens.access_token, notes, "GET");
    assert.equal((await read.json()).notes[0].author, "248289761001");
    const renewed = await oidc.refreshTokenGrant(config, tokens.refresh_token);
    assert.notEqual(renewed.refresh_token, tokens.refresh_token);
    const told = await oidc.tokenIntrospection(config, renewed.access_token);
    assert.equal(told.active, true);
    await oidc.tokenRevocation(config, renewed.refresh_token);
    assert.equal((await oidc.tokenIntrospection(config, renewed.access_token)).active, false);
}

async function publicClient(oidc) {
    const { config, back, checks } = await code(oidc, "app", "openid notes.read", "bob");
    const tokens = await oidc.authorizationCodeGrant(config, back, checks);
    assert.equal(tokens.claims().sub, "248289761002");
    const renewed = await oidc.refreshTokenGrant(config, tokens.refresh_token);
    assert.equal(renewed.claims().sub, "248289761002");
}

async function service(oidc) {
    const { config } = await configured(oidc, "service");
    const tokens = await oidc.clientCredentialsGrant(config, { scope: "notes.read" });
    assert.equal(tokens.refresh_token, undefined);
    await assert.rejects(oidc.clientCredentialsGrant(config, { scope: "notes.write" }), { error: "invalid_scope" });
}

async function refused(oidc) {
    const again = await code(oidc, "web", "openid", "ada");
    const tokens = await oidc.authorizationCodeGrant(again.config, again.back, again.checks);
    const reuse = oidc.authorizationCodeGrant(again.config, again.back, again.checks);
    await assert.rejects(reuse, { error: "invalid_grant" });
    const info = oidc.fetchUserInfo(again.config, tokens.access_token, tokens.claims().sub);
    await assert.rejects(info, (error) => error.cause[0].parameters.error === "invalid_token");
    const other = await code(oidc, "web", "openid", "ada");
    other.checks.pkceCodeVerifier = oidc.randomPKCECodeVerifier();
    const wrong = oidc.authorizationCodeGrant(other.config, other.back, other.checks);
    await assert.rejects(wrong, { error: "invalid_grant" });
    const closed = await code(oidc, "web", "openid", "carol");
    const denied = oidc.authorizationCodeGrant(closed.config, closed.back, closed.checks);
    await assert.rejects(denied, { error: "access_denied" });
}

async function main() {
    const oidc = await import(require.resolve("openid-client"));
    await STEPS[process.argv[2]](oidc);
}

main().catch((error) => {
    console.error(error);
    process.exit(1);
});
