#!/usr/bin/env bash
# The shims of `locum new shim`, as they are written, with their real runtimes: each is asked what
# `converse.py` asks, and its example client is judged by `drive`. Everything is installed and built under target/shims.
# Usage: tests/shims/run.sh [LANGUAGE...]     the binary: LOCUM, or target/release/locum
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
target=${CARGO_TARGET_DIR:-$root/target}
locum=${LOCUM:-$target/release/locum}
work=$target/shims
languages=${*:-python javascript typescript java go rust}
rm -rf "$work/written"
mkdir -p "$work/written"
cd "$work"

. "$root/tests/parts.sh"

# What each language needs; the command that starts its shim is left in `start`.
prepare_python() { needs python3 && start=(python3 written/shim.py); }
prepare_javascript() { needs node && start=(node written/shim.mjs); }
prepare_typescript() {
    needs node npm
    cp "$here/typescript/package.json" "$here/typescript/tsconfig.json" .
    npm install --silent --no-audit --no-fund
    npx tsc --noEmit
    start=(npx tsx written/shim.ts)
}
prepare_java() {
    needs java curl
    [ -f gson.jar ] || curl -fsS -o gson.jar https://repo1.maven.org/maven2/com/google/code/gson/gson/2.15.0/gson-2.15.0.jar
    start=(java -cp gson.jar written/Shim.java)
}
prepare_go() {
    needs go
    go vet written/shim.go
    go build -o go-shim written/shim.go
    start=(./go-shim)
}
prepare_rust() {
    needs cargo
    mkdir -p rust
    cp "$here/rust/Cargo.toml" written/shim.rs rust
    # Its versions are ours, where both have the crate.
    [ -f rust/Cargo.lock ] || cp "$root/Cargo.lock" rust
    CARGO_TARGET_DIR=$work/rust/target cargo build --quiet --manifest-path rust/Cargo.toml
    start=(rust/target/debug/shim)
}

serve_mocks . pattern --tls --tls-port 0 --quiet

for language in $languages; do
    declare -F "prepare_$language" >/dev/null || { echo "there is no shim for $language" >&2; exit 2; }
    (cd written && "$locum" new shim "$language" >/dev/null)
    "prepare_$language"
    code=0
    {
        python3 "$here/converse.py" "http://localhost:$(cat port)/_locum" "$language" "${start[@]}" &&
            "$locum" drive pattern --fail-on warn -- "${start[@]}"
    } >shim.log 2>&1 || code=$?
    result "$code" "$language" shim.log
done
summary
