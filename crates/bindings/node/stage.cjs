'use strict';

/** Left to the test: which credentials it gives its client, and whether the calls ought to succeed. */
const LEFT_TO_TESTS = ['CLI-28', 'CLI-29'];

/** A vendor in a stage: addresses, credentials, clock and journal of one test alone. */
class Locum {
    constructor(server, document, vendor, judging) {
        Object.assign(this, { server, document, vendor, judging, name: document.name });
        const part = document.vendors[vendor];
        if (!part) throw new Error(`locum: no vendor called ${vendor}: ${Object.keys(document.vendors).join(', ')}`);
        Object.assign(this, { urls: part.urls, credentials: part.credentials, env: part.env });
        Object.assign(this, { tokenUrl: part.urls.token, apiUrl: part.urls.api });
    }

    /** Makes a stage; what `options` does not say of judging is the body of `POST /_locum/stages`. */
    static async open(server, vendor, { ignore = [], expect = [], verdicts = process.env.LOCUM_VERDICTS ?? 'on', ...stage } = {}) {
        const document = await server.call('POST', '/stages', { listen: true, ...stage });
        return new Locum(server, document, vendor, { ignore: [...ignore], expect: [...expect], verdicts });
    }

    /** The same stage with another vendor. */
    of(vendor) {
        return new Locum(this.server, this.document, vendor, this.judging);
    }

    call(method, path, body) {
        return this.server.call(method, `/stages/${this.name}${path && `/${path}`}`, body);
    }

    advance(seconds) {
        return this.clock({ advance_s: seconds });
    }

    clock(change) {
        return this.call('POST', 'clock', change);
    }

    expire(selector) {
        return this.call('POST', 'tokens/expire', { vendor: this.vendor, ...selector });
    }

    revoke(selector) {
        return this.call('POST', 'tokens/revoke', { vendor: this.vendor, ...selector });
    }

    fault(then, { when = { always: true }, ...match } = {}) {
        return this.call('POST', 'faults', { match: { vendor: this.vendor, ...match }, when, then });
    }

    settings(changes) {
        return this.call('PATCH', 'settings', changes);
    }

    async journal(query) {
        return (await this.call('GET', `journal?${new URLSearchParams({ vendor: this.vendor, ...query })}`)).entries;
    }

    verdicts() {
        return this.call('GET', 'verdicts');
    }

    ignore(...ids) {
        this.judging.ignore.push(...ids);
    }

    expect(...ids) {
        this.judging.expect.push(...ids);
    }

    judge(verdicts) {
        this.judging.verdicts = verdicts;
    }

    /** Ends the stage; throws where its client breaks a requirement. */
    async close() {
        const { ignore, expect, verdicts } = this.judging;
        const query = new URLSearchParams({ ignore: [...LEFT_TO_TESTS, ...ignore], expect });
        if (verdicts === 'strict') query.set('fail_on', 'warn');
        const { text } = verdicts === 'off' ? { text: '' } : await this.call('GET', `verdicts/failures?${query}`);
        await this.call('DELETE', '');
        if (text) throw new Error(text);
    }
}

module.exports = { Locum };
