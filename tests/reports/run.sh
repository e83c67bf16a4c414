#!/usr/bin/env bash
# The reports of real runs: each form against its public schema, and the page in a real browser, which
# Debian's package `chromium` has. Everything is installed and written under target/reports.
# Usage: tests/reports/run.sh     the binary: LOCUM, or target/release/locum; the browser: CHROMIUM
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
target=${CARGO_TARGET_DIR:-$root/target}
locum=${LOCUM:-$target/release/locum}
work=$target/reports
mkdir -p "$work"

. "$root/tests/chromium.sh"

[ -x "$work/venv/bin/python" ] || python3 -m venv "$work/venv"
"$work/venv/bin/python" -m pip install --quiet --disable-pip-version-check -r "$here/requirements.txt"

# A good vendor, a bad one, and a client.
rm -rf "$work/good" "$work/bad" "$work/client" "$work/merged"
"$locum" check --seed 7 --report "$work/good" >/dev/null
"$locum" check pattern --twin any-secret --seed 7 --report "$work/bad" >/dev/null && { echo "the twin was not found" >&2; exit 1; }
"$locum" drive corti --seed 7 --report "$work/client" -- "$locum" client >/dev/null || true
"$locum" report merge "$work/good" "$work/bad" --out "$work/merged" >/dev/null
"$locum" report schema >"$work/results.schema.json"

"$work/venv/bin/python" "$here/validate.py" "$root/tests/data/schemas" "$work"
"$work/venv/bin/python" "$here/browser.py" "$browser" "$work"
