#!/usr/bin/env bash
# The curl line of Pattern Health's authentication page with the host and the credentials replaced;
# its answer against the sample answer of that page with the token replaced.
set -euo pipefail
read -r root id secret group < <(curl -sf "$1/stages/default" | python3 -c '
import json, sys
vendor = json.load(sys.stdin)["vendors"]["pattern"]
print(vendor["base"], vendor["credentials"]["client_id"], vendor["credentials"]["client_secret"], vendor["env"]["LOCUM_GROUP_ID"])')
basic=$(printf '%s:%s' "$id" "$secret" | base64 -w0)
answer=$(curl -sf -X POST "$root/api/auth/token" \
    -d 'grant_type=client_credentials' \
    -H 'Content-Type: application/x-www-form-urlencoded' \
    -H 'Accept: application/json' \
    -H "Authorization: Basic $basic")
token=$(printf '%s' "$answer" | sed 's/.*"access_token":"\([^"]*\)".*/\1/')
documented='{"access_token":"BEARER_TOKEN","expires_in":3600000,"token_type":"bearer"}'
[ "${answer/$token/BEARER_TOKEN}" = "$documented" ] || { echo "got an answer of another shape"; exit 1; }
curl -sf -H "Authorization: Bearer $token" "$root/api/v1/groups/$group/members" | grep -q '"totalCount":202'
[ "$(curl -s -o /dev/null -w '%{http_code}' "$root/api/v1/groups/$group/members")" = 401 ]
