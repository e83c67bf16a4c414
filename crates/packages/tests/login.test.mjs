import assert from 'node:assert';
import { test } from 'node:test';
import { useLocum } from 'locum-testing/node';
const locum = useLocum('pattern');
test('login', async () => {
    const { client_id, client_secret } = locum.credentials;
    const headers = { Accept: 'application/json', Authorization: `Basic ${btoa(`${client_id}:${client_secret}`)}` };
    const body = new URLSearchParams({ grant_type: 'client_credentials' });
    assert.equal((await fetch(locum.tokenUrl, { method: 'POST', headers, body })).status, 200);
});
