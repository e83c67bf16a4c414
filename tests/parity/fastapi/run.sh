#!/usr/bin/env bash
# Generated requests against FastAPI itself, in two generations, and against the Athelas mock; the
# answers are compared. Everything is installed under target/parity.
# Usage: tests/parity/fastapi/run.sh [COUNT] [SEED]; the binary: LOCUM, or target/release/locum
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../../.." && pwd)
target=${CARGO_TARGET_DIR:-$root/target}
locum=${LOCUM:-$target/release/locum}
work=$target/parity
mkdir -p "$work"

rm -f "$work/fastapi-port"
"$locum" serve athelas --port 0 --port-file "$work/fastapi-port" >"$work/fastapi-serve.log" 2>&1 &
server=$!
trap 'kill $server 2>/dev/null || true' EXIT
for _ in $(seq 100); do [ -s "$work/fastapi-port" ] && break; sleep 0.1; done
[ -s "$work/fastapi-port" ] || { echo "the mock did not start:"; cat "$work/fastapi-serve.log"; exit 1; }
control=http://127.0.0.1:$(cat "$work/fastapi-port")/_locum

status=0
for generation in 0.165 0.115; do
    python=$work/fastapi-$generation/bin/python
    [ -x "$python" ] || python3 -m venv "$work/fastapi-$generation"
    "$python" -m pip install --quiet --disable-pip-version-check -r "$here/requirements-$generation.txt"
    "$python" "$here/play.py" "$control" "$generation" "${1:-2500}" "${2:-7}" 2>"$work/fastapi-$generation.log" || status=1
done
exit $status
