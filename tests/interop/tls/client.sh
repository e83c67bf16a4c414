#!/usr/bin/env bash
# curl, as tests/interop/tls.sh asks for.
set -euo pipefail
token() { curl -sS --noproxy '*' -u "$CLIENT_ID:$CLIENT_SECRET" -d grant_type=client_credentials "$@"; }

for host in 127.0.0.1 localhost; do
    token --cacert "$CA" "https://$host:$TLS_PORT/pattern$TOKEN_PATH" | grep -q access_token
done
token --cacert "$CA" --resolve "$HARD_WIRED:$TLS_PORT:127.0.0.1" \
    "https://$HARD_WIRED:$TLS_PORT$TOKEN_PATH" | grep -q access_token

refused() {
    code=0
    token "$@" >/dev/null 2>&1 || code=$?
    # 60: the certificate is not accepted.
    [ "$code" -eq 60 ] || { echo "curl ended with $code at ${*: -1}"; exit 1; }
}
for port in $BAD_PORTS; do
    refused --cacert "$CA" "https://127.0.0.1:$port/pattern$TOKEN_PATH"
done
refused "https://127.0.0.1:$TLS_PORT/pattern$TOKEN_PATH"
token "http://127.0.0.1:$TLS_PORT/pattern$TOKEN_PATH" | grep -q "speaks TLS"
