#!/usr/bin/env bash
# The page of `locum serve` in a real browser: what it shows, what it does, and that nothing hostile or secret reaches it.
# Everything is installed and written under target/page; pictures are in target/page/screenshots.
# Usage: tests/page/run.sh [PART...]     the binary: LOCUM, or target/release/locum; the browser: CHROMIUM
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
target=${CARGO_TARGET_DIR:-$root/target}
work=$target/page
. "$root/tests/chromium.sh"
command -v npm >/dev/null || { echo "npm is not installed: apt-get install npm" >&2; exit 2; }
mkdir -p "$work/screenshots"
# Beside the modules, where an import finds them.
cp "$here"/*.mjs "$here/package.json" "$work"
npm install --prefix "$work" --silent --no-audit --no-fund
cd "$work"
LOCUM=${LOCUM:-$target/release/locum} CHROMIUM=$browser node run.mjs "$@"
