#!/usr/bin/env bash
# Sample projects, each with a home-made client and tests in the runner of its language, under
# `locum watch`: the honest client is blamed for nothing, and each usual fault shows in its rows
# (samples.tsv). Everything is installed and built under target/interop, where `just interop` has it.
# Usage: tests/watch/run.sh [LANGUAGE...]     the binary: LOCUM, or target/release/locum
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
target=${CARGO_TARGET_DIR:-$root/target}
locum=${LOCUM:-$target/release/locum}
work=$target/interop/watch
languages=${*:-python node go java}
mkdir -p "$work"

. "$root/tests/parts.sh"

# What each language needs before its first sample, and the command that runs the sample's tests.
prepare_python() {
    needs python3
    [ -x "$work/venv/bin/python" ] || python3 -m venv "$work/venv"
    "$work/venv/bin/python" -m pip install --quiet --disable-pip-version-check -r "$here/python/requirements.txt"
    command=("$work/venv/bin/python" -B -m pytest -q -s -p no:cacheprovider "$here/python")
}

prepare_node() {
    needs node npm
    mkdir -p "$work/node"
    cp "$here"/node/* "$work/node"
    npm install --prefix "$work/node" --silent --no-audit --no-fund
    command=("$work/node/node_modules/.bin/vitest" run --root "$work/node" --disable-console-intercept)
}

prepare_go() {
    needs go
    # Compiled once for all samples.
    (cd "$here/go" && go test -c -o "$work/go-tests" .)
    command=("$work/go-tests" -test.v)
}

prepare_java() {
    needs java mvn
    mkdir -p "$work/java"
    cp -r "$here"/java/* "$work/java"
    local repository=${MAVEN_REPOSITORY:+-Dmaven.repo.local=$MAVEN_REPOSITORY}
    command=(mvn -q -B $repository -f "$work/java/pom.xml" surefire:test)
    mvn -q -B $repository -f "$work/java/pom.xml" test-compile
}

# Which rows of a report came to FAIL or WARN, as `ID=VERDICT` in order.
blamed() {
    python3 - "$1/results.json" <<'EOF'
import json, sys
rows = json.load(open(sys.argv[1]))["verdicts"]
bad = {f'{row["id"]}={row["verdict"]}' for row in rows if row["verdict"] in ("FAIL", "WARN", "ERROR", "HARNESS")}
print(" ".join(sorted(bad)) or "-")
EOF
}

for language in $languages; do
    declare -F "prepare_$language" >/dev/null || { echo "no language $language in samples.tsv" >&2; exit 2; }
    "prepare_$language"
    while IFS=$'\t' read -r of vendor fault expected; do
        [ "$of" = "$language" ] || continue
        report=$work/report-$language-$fault
        rm -rf "$report"
        FAULT=$fault "$locum" watch "$vendor" --judge-only --report "$report" -- "${command[@]}" >"$work/sample.log" 2>&1 || true
        found=$(blamed "$report" 2>/dev/null || echo "no report")
        code=0 told="$language, $vendor: $fault: $found"
        [ "$found" = "$expected" ] || { code=1 && told="$told, expected $expected"; }
        result "$code" "$told" "$work/sample.log"
    done <"$here/samples.tsv"
done
summary
