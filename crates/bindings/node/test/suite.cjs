'use strict';
// What the helper gives, the same for each runner; `concurrent` is its word for tests at the same time.
const assert = require('node:assert/strict');
const { Pattern, interactions } = require('./clients.cjs');

module.exports = ({ describe, test, concurrent, useLocum, withLocum }) => {
    concurrent('every test turns a clock of its own', (test) => {
        const clock = { now: '2030-01-01T00:00:00Z', mode: 'frozen' };
        for (let days = 0; days < 10; days += 1) {
            test(`${days} days`, withLocum('pattern', { clock }, async (locum) => {
                const client = new Pattern(locum);
                assert.equal(await client.members(), 200);
                for (let day = 1; day <= days; day += 1) {
                    const { now } = await locum.advance(86_400);
                    assert.ok(now.startsWith(`2030-01-${String(day + 1).padStart(2, '0')}`), now);
                    assert.equal(await client.members(), 200);
                }
                assert.equal(client.logins, days + 1);
                assert.equal((await locum.journal({ endpoint: 'token' })).length, days + 1);
            }));
        }
    });

    describe('a stage for each test', () => {
        const locum = useLocum('pattern', { settings: { 'pattern.token_ttl_ms': 7000 } });
        const names = new Set();

        test('tokens end when the test says so', async () => {
            names.add(locum.name);
            const client = new Pattern(locum);
            await client.members();
            await locum.expire();
            assert.equal(await client.members(), 200);
            await locum.revoke();
            assert.equal(await client.members(), 200);
            assert.ok(client.logins >= 3);
        });

        test('settings are given at the start or changed', async () => {
            names.add(locum.name);
            assert.equal(names.size, 2);
            const client = new Pattern(locum);
            await client.login();
            await locum.settings({ 'pattern.token_ttl_ms': 9000 });
            await client.login();
            const bodies = (await locum.journal()).map((entry) => entry.reply.body);
            assert.match(bodies[0], /7000/);
            assert.match(bodies[1], /9000/);
        });

        test('a fault strikes its vendor alone', async () => {
            await locum.fault({ status: 503 }, { endpoint: 'token', when: { first: 1 } });
            await assert.rejects(new Pattern(locum).members(), /503/);
            const corti = locum.of('corti');
            assert.equal(await interactions(corti, corti.credentials.tenant), 200);
        });

        test('a client that is meant to be faulty is expected', async () => {
            locum.expect('REQ-08');
            assert.equal(await interactions(locum.of('corti')), 403);
        });
    });

    test('a fault that is meant is let pass', withLocum('corti', { ignore: ['REQ-08'] }, (locum) => interactions(locum)));
    test('a judge that is switched off says nothing', withLocum('corti', { verdicts: 'off' }, (locum) => interactions(locum)));
};
