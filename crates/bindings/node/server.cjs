'use strict';
// `locum serve` as a child of this process or worker, and calls of its control API.
const { spawn } = require('node:child_process');
const { existsSync } = require('node:fs');
const http = require('node:http');
const path = require('node:path');

/** `LOCUM_BIN`, else that of the package `locum`, else `locum` on PATH, else the one in this package's folder `bin`. */
function findBinary() {
    if (process.env.LOCUM_BIN) return process.env.LOCUM_BIN;
    const installed = packaged();
    if (installed) return installed;
    const bundled = path.join(__dirname, 'bin');
    const folders = [...(process.env.PATH ?? '').split(path.delimiter).filter(Boolean), bundled];
    const name = process.platform === 'win32' ? 'locum.exe' : 'locum';
    const found = folders.map((folder) => path.join(folder, name)).find(existsSync);
    if (!found) throw new Error(`no locum to start: put it on PATH (in its clone: \`cargo install --locked --path .\`) or into ${bundled}, or name it in LOCUM_BIN`);
    return found;
}

/** The program of the package `locum`, where that and its package of this platform are installed beside this one. */
function packaged() {
    try {
        return require('locum')();
    } catch {
        return undefined;
    }
}

/** Starts a server, which ends with this process or worker, however that ends. */
async function start() {
    const options = '--host 127.0.0.1 --port 0 --tls-port 0 --quiet --exit-with-stdin'.split(' ');
    const more = (process.env.LOCUM_SERVE_ARGS ?? '').split(/\s+/).filter(Boolean);
    // The control API of a server of our own, on loopback, needs no token.
    const { LOCUM_CONTROL_TOKEN: _, ...env } = process.env;
    const binary = findBinary();
    const child = spawn(binary, ['serve', ...options, ...more], { env, stdio: ['pipe', 'pipe', 'inherit'] });
    const ended = new Promise((resolve) => child.once('exit', resolve));
    const control = await new Promise((resolve, reject) => {
        let text = '';
        child.once('error', (error) => reject(new Error(`${binary} does not start: ${error.message}; LOCUM_BIN names another`)));
        child.once('exit', () => reject(new Error(`${binary} did not start; its standard error says why`)));
        child.stdout.on('data', (chunk) => {
            text += chunk;
            const listening = /^LISTENING (\S+) /.exec(text);
            if (listening) resolve(`${listening[1]}/_locum`);
        });
    });
    // None of the three keeps a runner from ending.
    for (const handle of [child, child.stdin, child.stdout]) handle.unref();
    const stop = () => {
        child.ref();
        child.stdin.end();
        return ended;
    };
    return { control, stop, call: (method, target, body) => call(method, control + target, body) };
}

/** The JSON that a call of the control API answers. By node:http, since tests replace `fetch`. */
function call(method, url, body) {
    return new Promise((resolve, reject) => {
        const failed = (why) => reject(new Error(`locum: ${method} ${url}: ${why}`));
        const request = http.request(url, { method, agent: false, headers: { 'Content-Type': 'application/json' } }, (reply) => {
            let text = '';
            reply.setEncoding('utf8').on('data', (chunk) => (text += chunk)).on('error', failed);
            reply.on('end', () => (reply.statusCode < 300 ? resolve(JSON.parse(text)) : failed(`${reply.statusCode} ${text}`)));
        });
        request.on('error', (error) => failed(error.message));
        request.end(body === undefined ? undefined : JSON.stringify(body));
    });
}

module.exports = { start };
