#!/usr/bin/env bash
# Real clients, unmodified from their registries, against the mocks: the steps that clients.tsv lists.
# Everything is installed and built under target/interop; nothing outside of it is touched.
# Usage: tests/interop/run.sh [LANGUAGE...]     the binary: LOCUM, or target/release/locum
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
target=${CARGO_TARGET_DIR:-$root/target}
locum=${LOCUM:-$target/release/locum}
work=$target/interop
languages=${*:-curl python node go java rust}
mkdir -p "$work"

. "$root/tests/parts.sh"
. "$here/install.sh"

serve_mocks "$work" athelas corti pattern scribe "$root/mocks/examples/login.toml" --tls --tls-port 0 --tls-bad
export CONTROL=http://localhost:$(cat "$work/port")/_locum

step() {
    local code=0
    "${@:2}" >"$work/step.log" 2>&1 || code=$?
    result "$code" "$1" "$work/step.log"
}

for language in $languages; do
    declare -F "prepare_$language" >/dev/null || { echo "no language $language in clients.tsv" >&2; exit 2; }
    "prepare_$language"
    while IFS=$'\t' read -r of client version vendors file steps environment; do
        [ "$of" = "$language" ] || continue
        [ "$environment" = - ] || export "${environment?}"
        for name in $steps; do
            step "$language: $client ${version#-} ($vendors): $name" "run_$language" "$file" "$name"
        done
        [ "$environment" = - ] || unset "${environment%%=*}"
    done <"$here/clients.tsv"
    [ "$language" = rust ] || step "$language: TLS with the authority alone" bash "$here/tls.sh" "$CONTROL" "$language"
    [ "$language" = python ] || continue
    step "python: a client generated from the OpenAPI document" bash "$here/openapi.sh" "$CONTROL" "$work/openapi"
    if unshare -rmn true 2>/dev/null; then
        step "python, curl: hosts that are hard-wired" unshare -rmn bash "$here/tls/hard_wired.sh" "$locum" "$work/venv/bin/python"
    else
        echo "skip  python, curl: hosts that are hard-wired (no namespaces on this machine)"
    fi
done
summary
