// A client that breaks a requirement fails its test: a runner within a runner.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { describe, test } from 'node:test';

const { NODE_TEST_CONTEXT: _, ...env } = process.env;
const run = (command, more) => spawnSync(command[0], command.slice(1), { env: { ...env, ...more }, encoding: 'utf8' });

const runners = {
    vitest: ['node_modules/.bin/vitest', 'run', '--dir', 'test/faulty', '--no-color'],
    jest: ['node_modules/.bin/jest', '--rootDir', 'test/faulty', '--no-color'],
    node: [process.execPath, '--test', '--test-reporter', 'tap', 'test/faulty/node.test.mjs'],
};
const sentence = 'FAIL REQ-08 (MUST, corti): Every REST request carries Tenant-Name with the tenant of the token URL.';
const failed = { vitest: /Tests {2}3 failed \| 1 passed/, jest: /Tests: +3 failed, 1 passed/, node: /# pass 1\n# fail 3/ };

describe('runners', { concurrency: 2 }, () => {
    for (const [name, command] of Object.entries(runners)) {
        test(`a faulty client fails its test in ${name}`, () => {
            const { status, stdout, stderr } = run(command);
            const output = stdout + stderr;
            assert.equal(status, 1, output);
            assert.match(output, failed[name]);
            assert.equal(output.split(sentence).length > 2, true, output);
            for (const part of ['in: GET /v2/interactions/', 'seen: ', '`locum explain REQ-08`', 'WSS-09 was expected']) {
                assert.ok(output.includes(part), output);
            }
        });
    }
});

test('verdicts can be switched off for the run', () => {
    assert.equal(run(runners.node, { LOCUM_VERDICTS: 'off' }).status, 0);
});

test('a binary that is missing is an error that says what to do', () => {
    const { status, stdout } = run(runners.node, { LOCUM_BIN: '/nowhere/locum' });
    assert.equal(status, 1);
    assert.match(stdout, /\/nowhere\/locum does not start: .*LOCUM_BIN names another/);
});

test('the server ends when the runner is killed', async () => {
    // The grandchild keeps standard error open for as long as it lives.
    const script = "require('./server.cjs').start().then(() => process.kill(process.pid, 'SIGKILL'))";
    const child = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'ignore', 'pipe'] });
    child.stderr.resume();
    const [, signal] = await new Promise((resolve) => child.on('close', (...how) => resolve(how)));
    assert.equal(signal, 'SIGKILL');
});
