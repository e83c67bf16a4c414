#!/usr/bin/env bash
# Other people's servers, unmodified from their registries, judged by `locum check`: each FAIL, WARN, ERROR,
# INCONCLUSIVE and NOT_RUN is in peers.tsv and was read once; a verdict that is not, or no longer, there fails the run.
# Everything is installed and built under target/peers, the reports are there, too.
# Usage: tests/peers/run.sh [PEER...]     the binary: LOCUM, or target/release/locum
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
target=${CARGO_TARGET_DIR:-$root/target}
export LOCUM=${LOCUM:-$target/release/locum} PEERS_WORK=$target/peers KEYCLOAK_HOME
mkdir -p "$PEERS_WORK"

for tool in python3 node npm go java mvn; do
    command -v "$tool" >/dev/null || { echo "$tool is not installed: the peers need it" >&2; exit 2; }
done
venv() {
    local python=$PEERS_WORK/$1/bin/python
    [ -x "$python" ] || python3 -m venv "$PEERS_WORK/$1"
    "$python" -m pip install --quiet --disable-pip-version-check -r "$2"
}
for generation in 0.115 0.165; do
    venv "fastapi-$generation" "$root/tests/parity/fastapi/requirements-$generation.txt"
done
venv wsgi "$here/python/requirements-wsgi.txt"
venv aws "$here/python/requirements-aws.txt"
mkdir -p "$PEERS_WORK/node"
# Beside the modules, where an import finds them.
cp "$here"/node/* "$PEERS_WORK/node"
npm ci --prefix "$PEERS_WORK/node" --silent --no-audit --no-fund
. "$root/tests/parity/keycloak/install.sh"
(cd "$here/go" && go build -o "$PEERS_WORK/go-oauth2" .)

exec "$PEERS_WORK/aws/bin/python" "$here/run.py" "$@"
