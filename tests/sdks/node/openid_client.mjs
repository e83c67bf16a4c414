// openid-client: it has no cache, so a token is kept here as long as its expiresIn() says.
import * as oidc from "openid-client";
import { serve } from "./protocol.mjs";

const clients = new Map();

class Client {
    constructor(vendor, settings) {
        const { client_id, client_secret, token_url, tenant } = settings;
        const method = vendor === "pattern" ? oidc.ClientSecretBasic : oidc.ClientSecretPost;
        const server = { issuer: new URL(token_url).origin, token_endpoint: token_url };
        this.config = new oidc.Configuration(server, client_id, undefined, method(client_secret));
        if (token_url.startsWith("http:")) oidc.allowInsecureRequests(this.config);
        this.api = settings.api_url;
        this.headers = tenant === undefined ? {} : { "Tenant-Name": tenant };
    }

    async call(ask) {
        this.config.timeout = (ask.timeout_ms ?? 10_000) / 1000;
        if (this.tokens === undefined || this.tokens.expiresIn() <= 0)
            this.tokens = await oidc.clientCredentialsGrant(this.config);
        const headers = new Headers({ "Content-Type": "application/json", ...ask.headers, ...this.headers });
        const url = new URL(this.api + ask.path);
        const { access_token } = this.tokens;
        const reply = await oidc.fetchProtectedResource(this.config, access_token, url, ask.method, ask.body, headers);
        await reply.text();
        return { status: reply.status };
    }
}

serve("openid-client", "openid-client", ["pattern", "corti"], [], {
    new: ({ client, vendor, config }) => void clients.set(client, new Client(vendor, config)),
    call: (ask) => clients.get(ask.client).call(ask),
    drop: ({ client }) => void clients.delete(client),
});
