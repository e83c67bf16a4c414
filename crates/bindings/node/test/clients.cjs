'use strict';
// Clients such as a user of the helper tests: one for Pattern Health, one for Corti.

async function send(url, headers, form) {
    const body = form && new URLSearchParams(form);
    const reply = await fetch(url, { method: form ? 'POST' : 'GET', headers: { Accept: 'application/json', ...headers }, body });
    return { status: reply.status, json: reply.ok ? await reply.json() : undefined };
}

/** Keeps its token until shortly before its milliseconds run out, and replaces one that is refused. */
class Pattern {
    constructor({ tokenUrl, apiUrl, credentials, env }) {
        this.tokenUrl = tokenUrl;
        this.membersUrl = `${apiUrl}/api/v1/groups/${env.LOCUM_GROUP_ID}/members`;
        this.basic = Buffer.from(`${credentials.client_id}:${credentials.client_secret}`).toString('base64');
        this.ends = 0;
        this.logins = 0;
    }

    async login() {
        this.logins += 1;
        const { status, json } = await send(this.tokenUrl, { Authorization: `Basic ${this.basic}` }, { grant_type: 'client_credentials' });
        if (status !== 200) throw new Error(`login: ${status}`);
        this.token = json.access_token;
        this.ends = Date.now() + json.expires_in - 30_000;
    }

    async members() {
        if (Date.now() >= this.ends) await this.login();
        const call = () => send(this.membersUrl, { Authorization: `Bearer ${this.token}` });
        let { status } = await call();
        if (status === 401) {
            await this.login();
            ({ status } = await call());
        }
        return status;
    }
}

/** Logs in and calls once; without a `tenant` it forgets to say whose data it wants. */
async function interactions({ tokenUrl, apiUrl, credentials: { client_id, client_secret } }, tenant) {
    const form = { grant_type: 'client_credentials', scope: 'openid', client_id, client_secret };
    const { json } = await send(tokenUrl, {}, form);
    const headers = { Authorization: `Bearer ${json.access_token}`, ...(tenant && { 'Tenant-Name': tenant }) };
    return (await send(`${apiUrl}/interactions/`, headers)).status;
}

module.exports = { Pattern, interactions };
