# Sourced by the scripts that play several parts, such as languages or packages: what a part needs, a server for it, and how
# it came out. Sets `passed` and `failed`.

passed=0
failed=0
begun=()

# Ends the part unless each tool is there.
needs() {
    local tool
    for tool in "$@"; do
        command -v "$tool" >/dev/null || {
            echo "$tool is not installed: install it, or name the parts to play without it: $(basename "$0") PART..." >&2
            exit 2
        }
    done
}

# `serve_mocks FOLDER ARGUMENT...` runs `$locum serve` until the script ends; its port is in FOLDER/port.
serve_mocks() {
    local folder=$1
    rm -f "$folder/port"
    "$locum" serve "${@:2}" --port 0 --port-file "$folder/port" >"$folder/serve.log" 2>&1 &
    server=$!
    trap 'kill $server 2>/dev/null || true' EXIT
    "$locum" health --port-file "$folder/port" --wait 10s >/dev/null || {
        echo "the mocks did not start:"
        cat "$folder/serve.log"
        exit 1
    }
}

# `result CODE NAME LOG` counts a part: a line, and under a failure what it printed.
result() {
    if [ "$1" = 0 ]; then
        passed=$((passed + 1))
        echo "ok    $2"
    else
        failed=$((failed + 1))
        echo "FAIL  $2"
        sed 's/^/      /' "$3"
    fi
}

# `begin NAME LOG COMMAND...` plays a part beside the others, and `await_all` counts them in their order.
begin() {
    ("${@:3}") >"$2" 2>&1 &
    begun+=("$!" "$1" "$2")
}
await_all() {
    local at code
    for ((at = 0; at < ${#begun[@]}; at += 3)); do
        code=0
        wait "${begun[at]}" || code=$?
        result "$code" "${begun[at + 1]}" "${begun[at + 2]}"
    done
}

# The last line; fails where a part did, or none was played.
summary() {
    echo "$passed passed, $failed failed"
    [ "$failed" = 0 ] && [ "$passed" -gt 0 ]
}
