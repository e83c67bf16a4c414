// A home-made client of Corti, as small projects have one; FAULT gives it a usual fault.

const FAULT = process.env.FAULT ?? 'none';
const MARGIN_MS = 200;

export class Refused extends Error {
    constructor(status) {
        super(`refused with ${status}`);
        this.status = status;
    }
}

export class Client {
    constructor(environment = process.env) {
        this.environment = environment;
        this.token = undefined;
        this.ends = 0;
        this.login = undefined;
    }

    interactions() {
        return this.get('/interactions/');
    }

    async get(path) {
        let token = await this.currentToken();
        const attempts = FAULT === 'loop' ? 12 : 2;
        for (let attempt = 1; ; attempt += 1) {
            const reply = await this.send(path, token);
            if (reply.status === 401 && attempt < attempts && FAULT !== 'no_renewal') {
                token = await this.currentToken(token);
                continue;
            }
            if (!reply.ok) throw new Refused(reply.status);
            return reply.json();
        }
    }

    // Callers that ask at once share one login.
    async currentToken(insteadOf) {
        if (insteadOf !== undefined && this.token === insteadOf) this.token = undefined;
        const isOver = this.token === undefined || performance.now() >= this.ends;
        if (isOver || FAULT === 'login_per_call') {
            this.login ??= this.logIn().finally(() => { this.login = undefined; });
            await this.login;
        }
        return this.token;
    }

    async logIn() {
        const { LOCUM_TOKEN_URL: url, LOCUM_CLIENT_ID: id, LOCUM_CLIENT_SECRET: secret } = this.environment;
        const form = { grant_type: 'client_credentials', client_id: id, client_secret: secret, scope: 'openid' };
        const reply = await fetch(url, { method: 'POST', body: new URLSearchParams(form) });
        const body = await reply.json();
        if (!reply.ok) throw new Refused(reply.status);
        this.token = body.access_token;
        const lifetime = FAULT === 'no_renewal' ? Infinity : body.expires_in * 1000;
        this.ends = performance.now() + lifetime - MARGIN_MS;
        if (FAULT === 'token_logged') console.log('logged in:', body);
    }

    async send(path, token) {
        const headers = { Authorization: `Bearer ${token}`, 'Tenant-Name': this.environment.LOCUM_TENANT };
        if (FAULT === 'wrong_tenant') headers['Tenant-Name'] = 'default';
        if (FAULT === 'no_bearer') headers.Authorization = token;
        const query = FAULT === 'token_in_query' ? `?access_token=${token}` : '';
        return fetch(this.environment.LOCUM_API_URL + path + query, { headers });
    }
}
