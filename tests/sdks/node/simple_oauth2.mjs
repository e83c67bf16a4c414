// simple-oauth2: it has no cache, so a token is kept here until its expired() says so.
import { ClientCredentials } from "simple-oauth2";
import { Unsupported, limit, serve } from "./protocol.mjs";

const clients = new Map();

class Client {
    constructor(vendor, settings) {
        const { origin, pathname, search, hash } = new URL(settings.token_url);
        // It takes a host and a path.
        if (search || hash) throw new Unsupported();
        this.grant = new ClientCredentials({
            client: { id: settings.client_id, secret: settings.client_secret },
            auth: { tokenHost: origin, tokenPath: pathname },
            options: { authorizationMethod: vendor === "pattern" ? "header" : "body" },
        });
        this.api = settings.api_url;
        this.headers = settings.tenant === undefined ? {} : { "Tenant-Name": settings.tenant };
    }

    async call(ask) {
        if (this.access === undefined || this.access.expired()) this.access = await this.grant.getToken({});
        const authorization = `Bearer ${this.access.token.access_token}`;
        const headers = { "Content-Type": "application/json", ...ask.headers, ...this.headers, authorization };
        const reply = await fetch(this.api + ask.path, { method: ask.method, body: ask.body, headers, signal: limit(ask) });
        await reply.text();
        return { status: reply.status };
    }
}

serve("simple-oauth2", "simple-oauth2", ["pattern", "corti"], [], {
    new: ({ client, vendor, config }) => void clients.set(client, new Client(vendor, config)),
    call: (ask) => clients.get(ask.client).call(ask),
    drop: ({ client }) => void clients.delete(client),
});
