// Libraries of OAuth and OpenID Connect as published, pointed at Corti's realm by its issuer alone.
import assert from "node:assert";
import * as client from "openid-client";
import { custom, Issuer } from "openid-client-5";
import * as oauth from "oauth4webapi";
import * as jose from "jose";
import { AuthorizationCode, ClientCredentials } from "simple-oauth2";
import { call, login, pass, provider, run, stage } from "./place.mjs";

const plain = { [oauth.allowInsecureRequests]: true };

async function discovered({ urls, credentials }, secret = credentials.client_secret) {
    const options = { execute: [client.allowInsecureRequests] };
    const authentication = client.ClientSecretPost(secret);
    return client.discovery(new URL(urls.issuer), credentials.client_id, undefined, authentication, options);
}

run({
    /** openid-client 6: client credentials, and a wrong secret. */
    async openid_client_credentials() {
        const place = await provider();
        const config = await discovered(place);
        const tokens = await client.clientCredentialsGrant(config, { scope: "openid" });
        assert.strictEqual(tokens.expires_in, 300);
        assert.strictEqual(tokens.refresh_token, undefined);
        const seen = await client.tokenIntrospection(config, tokens.access_token);
        assert.strictEqual(typeof seen.active, "boolean");
        const wrong = client.clientCredentialsGrant(await discovered(place, "wrong"));
        await assert.rejects(wrong, (error) => error.error === "unauthorized_client" && error.status === 401);
    },

    /** openid-client 6: private_key_jwt, another's key, and a secret in its place. */
    async openid_client_key() {
        const place = await provider();
        const pair = async (algorithm) => jose.generateKeyPair(algorithm, { extractable: true });
        for (const algorithm of ["RS256", "ES256", "PS384"]) {
            const [own, other] = [await pair(algorithm), await pair(algorithm)];
            const id = `keyed-${algorithm}`;
            const key = { ...(await jose.exportJWK(own.publicKey)), kid: "k-1" };
            const keyed = { client_id: id, auth: "private_key_jwt", jwks: [key] };
            const realm = { name: place.credentials.tenant, clients: [keyed] };
            await call("PATCH", `/stages/${place.stage.name}/principals`, { corti: { realms: [realm] } });
            const config = async (authentication) => {
                const options = { execute: [client.allowInsecureRequests] };
                return client.discovery(new URL(place.urls.issuer), id, undefined, authentication, options);
            };
            const by = (key) => config(client.PrivateKeyJwt({ key, kid: "k-1" }));
            const grant = async (config) => client.clientCredentialsGrant(await config, { scope: "openid" });
            assert.strictEqual((await grant(by(own.privateKey))).expires_in, 300);
            const refused = (error) => error.error === "invalid_client" && error.status === 400;
            await assert.rejects(grant(by(other.privateKey)), refused);
            await assert.rejects(grant(config(client.ClientSecretPost("x"))), refused);
        }
    },

    /** openid-client 6: code with PKCE, id token, userinfo, refresh, revocation, and a wrong verifier. */
    async openid_client_code() {
        const place = await provider();
        const config = await discovered(place);
        const redirected = async () => {
            const verifier = client.randomPKCECodeVerifier();
            const state = client.randomState();
            const nonce = client.randomNonce();
            const url = client.buildAuthorizationUrl(config, {
                redirect_uri: place.redirect,
                scope: "openid profile",
                code_challenge: await client.calculatePKCECodeChallenge(verifier),
                code_challenge_method: "S256",
                state,
                nonce,
            });
            return { back: await login(url, place.user), verifier, state, nonce };
        };
        const first = await redirected();
        const checks = { pkceCodeVerifier: first.verifier, expectedState: first.state, expectedNonce: first.nonce };
        const tokens = await client.authorizationCodeGrant(config, first.back, checks);
        const subject = tokens.claims().sub;
        const user = await client.fetchUserInfo(config, tokens.access_token, subject);
        assert.strictEqual(user.preferred_username, place.user.username);
        const renewed = await client.refreshTokenGrant(config, tokens.refresh_token);
        assert.notStrictEqual(renewed.access_token, tokens.access_token);
        await client.tokenRevocation(config, renewed.refresh_token);
        await assert.rejects(client.refreshTokenGrant(config, renewed.refresh_token), { error: "invalid_grant" });

        const second = await redirected();
        const bent = { ...checks, pkceCodeVerifier: client.randomPKCECodeVerifier() };
        Object.assign(bent, { expectedState: second.state, expectedNonce: second.nonce });
        await assert.rejects(client.authorizationCodeGrant(config, second.back, bent), { error: "invalid_grant" });
    },

    /** openid-client 5: discovery, client credentials, code with PKCE. */
    async openid_client_5() {
        const place = await provider();
        custom.setHttpOptionsDefaults({ timeout: 10000 });
        const issuer = await Issuer.discover(place.urls.issuer);
        const { client_id, client_secret } = place.credentials;
        const relying = new issuer.Client({
            client_id,
            client_secret,
            redirect_uris: [place.redirect],
            token_endpoint_auth_method: "client_secret_post",
        });
        assert.strictEqual((await relying.grant({ grant_type: "client_credentials" })).expires_in, 300);
        const verifier = client.randomPKCECodeVerifier();
        const url = relying.authorizationUrl({
            scope: "openid",
            state: "s1",
            nonce: "n1",
            code_challenge: await client.calculatePKCECodeChallenge(verifier),
            code_challenge_method: "S256",
        });
        const back = relying.callbackParams((await login(url, place.user)).href);
        const tokens = await relying.callback(place.redirect, back, { code_verifier: verifier, state: "s1", nonce: "n1" });
        assert.ok(tokens.claims().sub);
        const again = relying.callback(place.redirect, back, { code_verifier: verifier, state: "s1", nonce: "n1" });
        await assert.rejects(again, { error: "invalid_grant" });
    },

    /** oauth4webapi: client credentials by Basic, the access token checked against the key set. */
    async oauth4webapi() {
        const { urls, credentials } = await provider();
        const issuer = new URL(urls.issuer);
        const server = await oauth.processDiscoveryResponse(issuer, await oauth.discoveryRequest(issuer, plain));
        const one = { client_id: credentials.client_id };
        const grant = async (secret) => {
            const method = oauth.ClientSecretBasic(secret);
            const reply = await oauth.clientCredentialsGrantRequest(server, one, method, new URLSearchParams(), plain);
            return oauth.processClientCredentialsResponse(server, one, reply);
        };
        assert.strictEqual((await grant(credentials.client_secret)).token_type, "bearer");
        await assert.rejects(grant("wrong"), { error: "unauthorized_client" });
    },

    /** jose: signature, issuer and time of an access token; a bent one and an old one are refused. */
    async jose() {
        const place = await provider();
        const keys = jose.createRemoteJWKSet(new URL(place.urls.jwks));
        const config = await discovered(place);
        const { access_token } = await client.clientCredentialsGrant(config);
        const { payload } = await jose.jwtVerify(access_token, keys, { issuer: place.urls.issuer, audience: "account" });
        assert.strictEqual(payload.exp - payload.iat, 300);
        const [head, body, signature] = access_token.split(".");
        const bent = `${head}.${body}.${signature.startsWith("A") ? "B" : "A"}${signature.slice(1)}`;
        await assert.rejects(jose.jwtVerify(bent, keys), { code: "ERR_JWS_SIGNATURE_VERIFICATION_FAILED" });
        const later = { currentDate: new Date((payload.exp + 1) * 1000) };
        await assert.rejects(jose.jwtVerify(access_token, keys, later), { code: "ERR_JWT_EXPIRED" });
    },

    /** simple-oauth2: client credentials at Corti (body) and Pattern (Basic, milliseconds). */
    async simple_oauth2() {
        const made = await stage();
        for (const [vendor, authorizationMethod, lifetime] of [
            ["corti", "body", 300],
            ["pattern", "header", 3600000],
        ]) {
            const { urls, credentials } = made.vendors[vendor];
            const token = new URL(urls.token);
            const options = (secret) => ({
                client: { id: credentials.client_id, secret },
                auth: { tokenHost: token.origin, tokenPath: token.pathname },
                options: { authorizationMethod },
            });
            const got = await new ClientCredentials(options(credentials.client_secret)).getToken({});
            assert.strictEqual(got.token.expires_in, lifetime, vendor);
            const wrong = new ClientCredentials(options("wrong")).getToken({});
            await assert.rejects(wrong, (error) => error.output.statusCode === 401, vendor);
        }
    },

    /** simple-oauth2: code and refresh; a refresh token of an ended session is refused. */
    async simple_oauth2_code() {
        const place = await provider();
        const { origin } = new URL(place.urls.token);
        const path = (url) => new URL(url).pathname;
        const flow = new AuthorizationCode({
            client: { id: place.credentials.client_id, secret: place.credentials.client_secret },
            auth: {
                tokenHost: origin,
                tokenPath: path(place.urls.token),
                revokePath: path(place.urls.revoke),
                authorizePath: path(place.urls.token).replace(/token$/, "auth"),
            },
            options: { authorizationMethod: "body" },
        });
        const url = flow.authorizeURL({ redirect_uri: place.redirect, scope: "openid", state: "s2" });
        const back = await login(url, place.user);
        const got = await flow.getToken({ code: back.searchParams.get("code"), redirect_uri: place.redirect });
        const renewed = await got.refresh();
        assert.notStrictEqual(renewed.token.access_token, got.token.access_token);
        await pass(place.stage, 36001);
        await assert.rejects(renewed.refresh(), (error) => error.output.statusCode === 400);
    },
});
