#!/usr/bin/env bash
# The mock of Corti's realm beside the Keycloak that it is made after: the distribution comes from
# Maven Central, runs in development mode on loopback, and both answer the same seeded requests.
# Everything is installed under target/parity. Usage: tests/parity/keycloak/run.sh [arguments of play.py]
# KEYCLOAK=host:port uses one that runs already (user and password admin); LOCUM names the binary.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../../.." && pwd)
target=${CARGO_TARGET_DIR:-$root/target}
locum=${LOCUM:-$target/release/locum}
work=$target/parity
mkdir -p "$work"

children=()
trap 'for child in "${children[@]}"; do kill "$child" 2>/dev/null || true; done' EXIT

if [ -z "${KEYCLOAK:-}" ]; then
    . "$here/install.sh"
    port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
    # Its database is in memory: each run begins with an empty server.
    JAVA_OPTS_KC_HEAP="-Xms128m -Xmx512m" KC_BOOTSTRAP_ADMIN_USERNAME=admin \
        KC_BOOTSTRAP_ADMIN_PASSWORD=admin bash "$KEYCLOAK_HOME/bin/kc.sh" start-dev --db=dev-mem \
        --http-host=127.0.0.1 "--http-port=$port" >"$work/keycloak.log" 2>&1 &
    children+=($!)
    KEYCLOAK=127.0.0.1:$port
    for _ in $(seq 600); do
        curl -sf "http://$KEYCLOAK/realms/master" >/dev/null && break
        kill -0 "${children[0]}" 2>/dev/null || { echo "Keycloak ended:"; tail "$work/keycloak.log"; exit 3; }
        sleep 0.5
    done
fi

rm -f "$work/port"
"$locum" serve --port 0 --port-file "$work/port" >"$work/serve.log" 2>&1 &
children+=($!)
for _ in $(seq 100); do [ -s "$work/port" ] && break; sleep 0.1; done
[ -s "$work/port" ] || { echo "the mocks did not start:"; cat "$work/serve.log"; exit 3; }

python3 "$here/play.py" --keycloak "$KEYCLOAK" --control "http://127.0.0.1:$(cat "$work/port")/_locum" "$@"
