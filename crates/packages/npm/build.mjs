// Packs npm's tarballs: that of the command for all platforms, or that of one platform with its program.
// Usage: node build.mjs --out DIR                                       locum-VERSION.tgz
//        node build.mjs --out DIR --platform linux-x64 --binary FILE    locum-dev-linux-x64-VERSION.tgz; --libc glibc or musl
//                                                                       when the program is not static
// The command names the platforms whose packages are in DIR: it is packed last.
import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';

/** What may be built, as Node names systems and processors. */
const PLATFORMS = ['linux-x64', 'linux-arm64', 'darwin-x64', 'darwin-arm64', 'win32-x64'];

const here = import.meta.dirname ?? path.dirname(new URL(import.meta.url).pathname);
const root = path.join(here, '../../..');
const version = /^version = "(.+)"$/m.exec(readFileSync(path.join(root, 'Cargo.toml'), 'utf8'))[1];
const texts = ['out', 'platform', 'binary', 'libc'].map((name) => [name, { type: 'string' }]);
const { out, platform, binary, libc } = parseArgs({ options: Object.fromEntries(texts) }).values;

const folder = mkdtempSync(path.join(tmpdir(), 'locum-npm-'));
const command = JSON.parse(readFileSync(path.join(here, 'locum/package.json'), 'utf8'));
try {
    if (!platform) cpSync(path.join(here, 'locum'), folder, { recursive: true });
    for (const name of ['LICENSE-APACHE', 'LICENSE-MIT']) copyFileSync(path.join(root, name), path.join(folder, name));
    write(platform ? packageOf(platform) : { ...command, version, optionalDependencies: packedPlatforms() });
    mkdirSync(out, { recursive: true });
    const [npm, ...options] = ['npm', 'pack', '--silent', '--pack-destination', path.resolve(out)];
    execFileSync(npm, options, { cwd: folder, stdio: 'inherit', shell: process.platform === 'win32' });
} finally {
    rmSync(folder, { recursive: true });
}

function write(description) {
    writeFileSync(path.join(folder, 'package.json'), JSON.stringify(description, undefined, 4) + '\n');
}

function packedPlatforms() {
    const packed = PLATFORMS.filter((name) => existsSync(path.join(out, `locum-dev-${name}-${version}.tgz`)));
    if (packed.length === 0) throw new Error(`${out} holds no package of a platform: pack these first`);
    return Object.fromEntries(packed.map((name) => [`@locum-dev/${name}`, version]));
}

/** The package that npm installs on one platform alone: its program, the licences, nothing to run at installation. */
function packageOf(platform) {
    if (!PLATFORMS.includes(platform)) throw new Error(`--platform is one of ${PLATFORMS.join(', ')}`);
    const [os, cpu] = platform.split('-');
    const file = os === 'win32' ? 'locum.exe' : 'locum';
    copyFileSync(binary, path.join(folder, file));
    chmodSync(path.join(folder, file), 0o755);
    writeFileSync(path.join(folder, 'README.md'), `The program of the package [locum](https://github.com/locum-dev/locum) for ${platform}.\n`);
    const { license, repository } = command;
    const description = `The program of locum for ${platform}`;
    const runsOn = { os: [os], cpu: [cpu], ...(libc && { libc: [libc] }) };
    const publishConfig = { access: 'public' }; // packages with a scope are private by default
    return { name: `@locum-dev/${platform}`, version, description, license, repository, ...runsOn, publishConfig, files: [file, 'LICENSE-*'] };
}
