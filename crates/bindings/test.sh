#!/usr/bin/env bash
# The helpers for people's test frameworks, each with its own runner: its tests, and its README's example.
# Everything is copied, installed and built under target/bindings; nothing outside of it is touched.
# Usage: crates/bindings/test.sh [LANGUAGE...]     the binary: LOCUM, or target/release/locum
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
target=${CARGO_TARGET_DIR:-$root/target}
work=$target/bindings
languages=${*:-python node go java rust}
for name in $(compgen -e LOCUM_ || true); do unset "$name"; done
mkdir -p "$work"
# Under a path of its own, so that a server that outlives its runner is seen.
cp -f "${LOCUM:-$target/release/locum}" "$work/locum"
export LOCUM_BIN=$work/locum

. "$root/tests/parts.sh"

needs ps # or no server could be seen at the end

# Where the README's example goes, what stands above it there, and what runs it with all other tests; each in a copy
# of the folder. The time limits are for busy machines: no test waits for time to pass.
example_python=tests/test_example.py
test_python() {
    needs python3
    [ -x "$work/venv/bin/python" ] || python3 -m venv "$work/venv"
    "$work/venv/bin/python" -m pip install --quiet --disable-pip-version-check ".[test]"
    "$work/venv/bin/python" -m pytest --quiet -n 4
}

# vitest and jest play the same tests as node's own runner, which then plays each of them with a faulty client.
fence_node=javascript
example_node=test/vitest/example.test.mjs
test_node() {
    needs node npm
    npm install --silent --no-audit --no-fund
    npx vitest run --dir test/vitest --test-timeout=60000
    npx jest --rootDir test/jest --testTimeout=60000
    node --test --test-reporter=spec test/node/*.mjs test/*.test.mjs
    npx tsc --noEmit --strict --module nodenext --target es2023 --skipLibCheck test/types.ts
}

header_go='package locum_test
import ("testing"; "time"; locum "github.com/locum-dev/locum/crates/bindings/go")'
example_go=example_test.go
test_go() {
    needs go
    go vet ./...
    go test -count=1 -parallel 8 ./...
}

header_java='package example;
import static org.junit.jupiter.api.Assertions.assertEquals;
import dev.locum.junit.*;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;'
example_java=src/test/java/example/ExampleTest.java
test_java() {
    needs java javac mvn
    mvn -q -B ${MAVEN_REPOSITORY:+-Dmaven.repo.local=$MAVEN_REPOSITORY} package
}

header_rust='mod clients;
use clients::Pattern;
use locum_testing::Locum;
use std::time::Duration;'
example_rust=tests/example.rs
test_rust() {
    needs cargo
    export CARGO_TARGET_DIR=$work/rust-target
    cargo fmt --check
    cargo clippy --quiet --locked --all-targets -- -D warnings
    cargo test --quiet --locked --tests
}

# All languages side by side: one installs while another one builds.
play() {
    cd "$work/$1"
    "test_$1"
}
for language in $languages; do
    declare -F "test_$language" >/dev/null || { echo "no helper for $language" >&2; exit 2; }
    rm -rf "${work:?}/$language"
    cp -RL "$here/$language" "$work/$language"
    fence=fence_$language header=header_$language file=example_$language
    example=$(sed -n "/^\`\`\`${!fence:-$language}\$/,/^\`\`\`\$/{/^\`\`\`/d;p}" "$here/$language/README.md")
    [ "$(wc -l <<<"$example")" -le 10 ] && [ -n "$example" ] || { echo "$language: no example of 10 lines" >&2; exit 1; }
    printf '%s\n' "${!header:-}" "$example" >"$work/$language/${!file}"
    begin "$language" "$work/$language.log" play "$language"
done
trap 'kill $(jobs -p) 2>/dev/null || true' EXIT

await_all

for _ in $(seq 50); do
    running=$(ps -eo args= | grep -F "$work/locum serve" | grep -vF grep || true)
    [ -n "$running" ] || break
    sleep 0.1
done
[ -n "$running" ] || { summary && exit || exit 1; }
echo "servers that outlive their runners:"
echo "$running"
exit 1
