#!/usr/bin/env bash
# The helpers for people's test frameworks, each with its own runner: its tests, and its README's example.
# Everything is copied, installed and built under target/bindings; nothing outside of it is touched.
# Usage: crates/bindings/test.sh [LANGUAGE...]     the binary: LOCUM, or target/release/locum
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
target=${CARGO_TARGET_DIR:-$root/target}
work=$target/bindings
languages=${*:-python}
for name in $(compgen -e LOCUM_ || true); do unset "$name"; done
mkdir -p "$work"
# Under a path of its own, so that a server that outlives its runner is seen.
cp -f "${LOCUM:-$target/release/locum}" "$work/locum"
export LOCUM_BIN=$work/locum

needs() {
    for tool in "$@"; do
        command -v "$tool" >/dev/null || {
            echo "$tool is not installed: install it, or name the languages to test: test.sh python go" >&2
            exit 2
        }
    done
}

# Where the README's example goes, and what runs it with all other tests; each in a copy of the folder. `&&` joins the
# steps, since `set -e` is off where somebody looks at the outcome.
example_python=tests/test_example.py
test_python() {
    needs python3
    { [ -x "$work/venv/bin/python" ] || python3 -m venv "$work/venv"; } &&
        "$work/venv/bin/python" -m pip install --quiet --disable-pip-version-check ".[test]" &&
        "$work/venv/bin/python" -m pytest --quiet -n 4
}

failed=
for language in $languages; do
    declare -F "test_$language" >/dev/null || { echo "no helper for $language" >&2; exit 2; }
    rm -rf "${work:?}/$language"
    cp -RL "$here/$language" "$work/$language"
    example=example_$language
    sed -n "/^\`\`\`$language\$/,/^\`\`\`\$/{/^\`\`\`/d;p}" "$here/$language/README.md" >"$work/$language/${!example}"
    lines=$(wc -l <"$work/$language/${!example}")
    { [ "$lines" -gt 0 ] && [ "$lines" -le 10 ]; } || { echo "$language: an example of $lines lines" >&2; exit 1; }
    echo "== $language"
    (cd "$work/$language" && "test_$language") || failed="$failed $language"
done

for _ in $(seq 50); do
    running=$(ps -eo args= | grep -F "$work/locum serve" | grep -vF grep || true)
    [ -n "$running" ] || break
    sleep 0.1
done
[ -z "$running" ] || { echo "servers that outlive their runners:"; echo "$running"; exit 1; }
[ -z "$failed" ] || { echo "failed:$failed"; exit 1; }
