#!/usr/bin/env bash
# Real clients, unmodified from their registries, against the mocks. Everything is installed under
# target/interop; nothing outside of it is touched. Usage: tests/interop/run.sh [LOCUM-BINARY]
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
target=${CARGO_TARGET_DIR:-$root/target}
locum=${1:-$target/release/locum}
work=$target/interop
mkdir -p "$work"

python=$work/venv/bin/python
[ -x "$python" ] || python3 -m venv "$work/venv"
"$python" -m pip install --quiet --disable-pip-version-check -r "$here/requirements.txt"
cp "$here/package.json" "$work/package.json"
npm install --prefix "$work" --silent --no-audit --no-fund

rm -f "$work/port"
"$locum" serve --port 0 --port-file "$work/port" >"$work/serve.log" 2>&1 &
server=$!
trap 'kill $server 2>/dev/null || true' EXIT
for _ in $(seq 100); do [ -s "$work/port" ] && break; sleep 0.1; done
[ -s "$work/port" ] || { echo "the mocks did not start:"; cat "$work/serve.log"; exit 1; }
control=http://127.0.0.1:$(cat "$work/port")/_locum

passed=0
failed=0
step() {
    if "${@:2}" >"$work/step.log" 2>&1; then
        passed=$((passed + 1))
        echo "ok    $1"
    else
        failed=$((failed + 1))
        echo "FAIL  $1"
        sed 's/^/      /' "$work/step.log"
    fi
}

export CONTROL=$control
for name in athelas pattern; do
    step "the documented curl lines: $name" bash "$here/$name.sh" "$control"
done
for name in sign_in temporary_password refresh revoke federated; do
    step "scribeauth 1.2.0: $name" "$python" "$here/scribeauth_steps.py" "$name"
    step "boto3: $name" "$python" "$here/boto3_steps.py" "$name"
done
for name in administration registration; do
    step "boto3: $name" "$python" "$here/boto3_steps.py" "$name"
done
for name in token interactions stream transcribe; do
    step "@corti/sdk 1.0.0: $name" env NODE_PATH="$work/node_modules" node "$here/corti.cjs" "$name"
done

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
