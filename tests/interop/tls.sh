#!/usr/bin/env bash
# TLS by runtimes that know the authority alone, each with its own words: a token at the shared
# address, the same at a host name that is hard-wired in a client (no DNS is asked: the name is
# pointed at the mocks), a refusal of each bad certificate, and of the good one without the
# authority. Usage: tests/interop/tls.sh CONTROL-URL curl|python|node|go|java
set -euo pipefail
control=$1
runtime=$2
here=$(cd "$(dirname "$0")" && pwd)/tls
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

curl -fsS "$control/ca.pem" -o "$work/ca.pem"
curl -fsS "$control/stages/default" -o "$work/stage.json"
pick() { python3 -c "import json; d = json.load(open('$work/stage.json')); print($1)"; }

export CA=$work/ca.pem
TLS_PORT=$(pick "d['tls']['base'].rsplit(':', 1)[1]")
TOKEN_PATH=/api/auth/token
CLIENT_ID=$(pick "d['vendors']['pattern']['credentials']['client_id']")
CLIENT_SECRET=$(pick "d['vendors']['pattern']['credentials']['client_secret']")
BAD_PORTS=$(pick "' '.join(url.rsplit(':', 1)[1] for url in d['tls']['bad'].values())")
export TLS_PORT TOKEN_PATH CLIENT_ID CLIENT_SECRET BAD_PORTS
# What a client of that vendor has in its code.
export HARD_WIRED=api.pattern.health
[ "$(wc -w <<<"$BAD_PORTS")" -eq 5 ] || { echo "not five bad certificates: $BAD_PORTS"; exit 1; }

case $runtime in
curl) bash "$here/client.sh" ;;
python) python3 "$here/client.py" ;;
node) node "$here/client.mjs" ;;
go) (cd "$work" && cp "$here/client.go" . && GOFLAGS=-mod=mod go run client.go) ;;
java)
    # The runtime takes authorities from a key store, and host names from a file.
    keytool -importcert -noprompt -alias mocks -file "$CA" -keystore "$work/trust.p12" \
        -storetype PKCS12 -storepass changeit >/dev/null 2>&1
    echo "127.0.0.1 $HARD_WIRED localhost" >"$work/hosts"
    export CORTI_WS CORTI_TOKEN_PATH CORTI_ID CORTI_SECRET
    CORTI_WS=$(pick "d['vendors']['corti']['tls_urls']['ws'] + '/transcribe?tenant-name=' + d['vendors']['corti']['credentials']['tenant']")
    CORTI_TOKEN_PATH=$(pick "d['vendors']['corti']['tls_urls']['token']")
    CORTI_ID=$(pick "d['vendors']['corti']['credentials']['client_id']")
    CORTI_SECRET=$(pick "d['vendors']['corti']['credentials']['client_secret']")
    java -Djdk.net.hosts.file="$work/hosts" -Djavax.net.ssl.trustStore="$work/trust.p12" \
        -Djavax.net.ssl.trustStorePassword=changeit "$here/Client.java"
    ;;
*) echo "no runtime called $runtime"; exit 2 ;;
esac
