// AWS's libraries for JavaScript as published, against Scribe's user pool.
import assert from "node:assert";
import * as idp from "@aws-sdk/client-cognito-identity-provider";
import * as pools from "@aws-sdk/client-cognito-identity";
import { CognitoJwtVerifier } from "aws-jwt-verify";
import { pass, run, stage } from "./place.mjs";

async function place() {
    const made = await stage();
    const { urls, credentials } = made.vendors.scribe;
    const options = {
        endpoint: urls.cognito,
        region: credentials.region,
        credentials: { accessKeyId: "unused", secretAccessKey: "unused" },
        maxAttempts: 1,
    };
    const pool = new idp.CognitoIdentityProviderClient(options);
    const signIn = async (password = credentials.password) => {
        const AuthParameters = { USERNAME: credentials.username, PASSWORD: password };
        const command = { ClientId: credentials.client_id, AuthFlow: "USER_PASSWORD_AUTH", AuthParameters };
        return (await pool.send(new idp.InitiateAuthCommand(command))).AuthenticationResult;
    };
    return { stage: made, urls, credentials, options, pool, signIn };
}

run({
    /** The AWS SDK: sign in, read the user, refresh after expiry, revoke; each with its refusal. */
    async sdk() {
        const { stage, credentials, pool, signIn } = await place();
        await assert.rejects(signIn("Wrong-1x"), { name: "NotAuthorizedException" });
        const first = await signIn();
        const user = (AccessToken) => pool.send(new idp.GetUserCommand({ AccessToken }));
        assert.ok((await user(first.AccessToken)).Username);
        await pass(stage, 1801);
        await assert.rejects(user(first.AccessToken), { name: "NotAuthorizedException" });
        const refresh = async () => {
            const AuthParameters = { REFRESH_TOKEN: first.RefreshToken };
            const command = { ClientId: credentials.client_id, AuthFlow: "REFRESH_TOKEN_AUTH", AuthParameters };
            return (await pool.send(new idp.InitiateAuthCommand(command))).AuthenticationResult;
        };
        assert.ok((await user((await refresh()).AccessToken)).Username);
        const revoked = { Token: first.RefreshToken, ClientId: credentials.client_id };
        await pool.send(new idp.RevokeTokenCommand(revoked));
        await assert.rejects(refresh(), { name: "NotAuthorizedException" });
    },

    /** The AWS SDK: temporary credentials for an id token; none for a key of another issuer. */
    async federated() {
        const { credentials, options, signIn } = await place();
        const { IdToken } = await signIn();
        const client = new pools.CognitoIdentityClient(options);
        const issuer = `cognito-idp.${credentials.region}.amazonaws.com/${credentials.user_pool_id}`;
        const IdentityPoolId = credentials.identity_pool_id;
        const identity = (key) => client.send(new pools.GetIdCommand({ IdentityPoolId, Logins: { [key]: IdToken } }));
        const { IdentityId } = await identity(issuer);
        const command = new pools.GetCredentialsForIdentityCommand({ IdentityId, Logins: { [issuer]: IdToken } });
        assert.ok((await client.send(command)).Credentials.SessionToken);
        await assert.rejects(identity(`${issuer}x`), { name: "NotAuthorizedException" });
    },

    /** aws-jwt-verify: both kinds of tokens, and each where the other belongs. */
    async jwt_verify() {
        const { urls, credentials, signIn } = await place();
        const { AccessToken, IdToken } = await signIn();
        const keys = await (await fetch(urls.jwks)).json();
        const verifier = (tokenUse) => {
            const made = CognitoJwtVerifier.create({
                userPoolId: credentials.user_pool_id,
                clientId: credentials.client_id,
                tokenUse,
            });
            made.cacheJwks(keys);
            return made;
        };
        const is = (name) => (error) => error.constructor.name === name;
        assert.strictEqual((await verifier("access").verify(AccessToken)).token_use, "access");
        assert.strictEqual((await verifier("id").verify(IdToken)).aud, credentials.client_id);
        await assert.rejects(verifier("access").verify(IdToken), is("CognitoJwtInvalidTokenUseError"));
        const bent = AccessToken.replace(/\.([^.])([^.]*)$/, (_, one, rest) => `.${one === "A" ? "B" : "A"}${rest}`);
        await assert.rejects(verifier("access").verify(bent), is("JwtInvalidSignatureError"));
    },
});
