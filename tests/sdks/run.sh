#!/usr/bin/env bash
# Published clients, unmodified from their registries, judged by `locum drive`: those of sdks.tsv. What
# known.tsv tells of them has to be found: it was seen on the wire by hand.
# Everything is installed and built where tests/interop/run.sh does it; the reports go to target/sdks.
# Usage: tests/sdks/run.sh [NAME...]     the binary: LOCUM, or target/release/locum
# Without a name all are judged, and the page README.md is written anew from their reports.
set -euo pipefail
sdks=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$sdks/../.." && pwd)
here=$root/tests/interop
target=${CARGO_TARGET_DIR:-$root/target}
locum=${LOCUM:-$target/release/locum}
work=$target/interop
reports=$target/sdks
names=$*
mkdir -p "$work" "$reports"

. "$root/tests/parts.sh"
. "$here/install.sh"

ready() {
    local language=$1
    case " ${prepared:-} " in *" $language "*) return ;; esac
    case $language in
    python | node | java) "prepare_$language" ;;
    go) needs go && (cd "$sdks/go" && go build -o "$work/go-sdks" .) ;;
    esac
    case $language in
    # Beside the modules, where an import finds them.
    node) cp "$sdks"/node/* "$work/node" ;;
    java) javac -cp "$work/java/lib/*" -d "$work/java" "$sdks/java/Shim.java" ;;
    esac
    prepared="${prepared:-} $language"
}

judged=0
missed=0
while IFS=$'\t' read -r name client vendor language command _; do
    [ "$name" = name ] && continue
    case " ${names:-$name} " in *" $name "*) ;; *) continue ;; esac
    ready "$language"
    read -r file environment <<<"$command"
    case $language in
    python) start=("$work/venv/bin/python" "$sdks/python/$file") ;;
    node) start=(node "$work/node/$file") ;;
    go) start=("$work/go-$file") ;;
    java) start=(java -cp "$work/java/lib/*:$work/java" "$file") ;;
    esac
    [ -z "$environment" ] || start=(env "$environment" "${start[@]}")
    report=$reports/$name-$vendor
    rm -rf "$report"
    # 0 and 1 are verdicts; every other code is a run that did not come about.
    code=0
    "$locum" drive "$vendor" --seed 7 --report "$report" -- "${start[@]}" </dev/null >"$report.log" 2>&1 || code=$?
    if [ "$code" -gt 1 ] || [ ! -s "$report/results.json" ]; then
        echo "FAIL  $client at $vendor: locum drive ended with $code"
        sed 's/^/      /' "$report.log" | tail -20
        exit 1
    fi
    outcome=ok
    python3 "$sdks/page.py" --known "$name" "$vendor" "$report" || { outcome=FAIL && missed=$((missed + 1)); }
    echo "$outcome    $client at $vendor: $(python3 "$sdks/page.py" --line "$report")"
    judged=$((judged + 1))
done <"$sdks/sdks.tsv"
[ "$judged" -gt 0 ] || { echo "sdks.tsv has none of: $names" >&2; exit 2; }
[ -n "$names" ] || python3 "$sdks/page.py" "$reports"
[ "$missed" -eq 0 ]
