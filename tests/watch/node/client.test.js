// The project's own tests. They know nothing of locum but the addresses in the environment, and
// where they want to see the end of a token, its control API.

import { expect, test } from 'vitest';

import { Client, Refused } from './client.js';

const client = new Client();

async function control(method, path, body) {
    const reply = await fetch(process.env.LOCUM_CONTROL_URL + path, { method, body: JSON.stringify(body) });
    expect(reply.ok).toBe(true);
}

test('interactions are listed', async () => {
    expect(await client.interactions()).toBeDefined();
});

test('many calls succeed', async () => {
    for (let call = 0; call < 12; call += 1) await client.interactions();
});

test('a refused token is replaced', async () => {
    await client.interactions();
    await control('POST', '/tokens/expire', { all: true });
    expect(await client.interactions()).toBeDefined();
});

test('a token is renewed before its end', async () => {
    await control('PATCH', '/settings', { 'corti.access_ttl_s': 1 });
    const another = new Client();
    await another.interactions();
    await new Promise((resolve) => { setTimeout(resolve, 1100); });
    for (let call = 0; call < 2; call += 1) await another.interactions().catch(() => undefined);
    expect(await another.interactions()).toBeDefined();
});

test('a call that stays refused ends', async () => {
    const match = { vendor: 'corti', endpoint: 'list_interactions' };
    await control('POST', '/faults', { match, when: { always: true }, then: { status: 401 } });
    await expect(client.interactions()).rejects.toThrow(Refused);
    await control('DELETE', '/faults');
});
