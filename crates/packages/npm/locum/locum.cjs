#!/usr/bin/env node
'use strict';
// Becomes the program, as far as Node can: its streams, the signals, its end.
const { spawn } = require('node:child_process');
const { constants } = require('node:os');
const { isatty } = require('node:tty');

let program;
try {
    program = require('./binary.cjs')();
} catch (error) {
    console.error(`error: ${error.message}`);
    process.exit(3);
}
const child = spawn(program, process.argv.slice(2), { stdio: 'inherit' });
// A terminal gives Ctrl-C to both, and a second one would end the program without its report.
const both = process.platform === 'win32' || [0, 1, 2].some(isatty);
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.on(signal, () => (both && signal === 'SIGINT') || child.kill(signal));
}
child.on('error', (error) => {
    console.error(`error: ${program} does not start: ${error.message}`);
    process.exitCode = 3;
});
child.on('exit', (code, signal) => {
    process.exitCode = code ?? 128 + constants.signals[signal];
});
