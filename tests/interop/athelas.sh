#!/usr/bin/env bash
# The curl lines of Athelas' authentication page with the host and the credentials replaced; the
# answers against what that page prints, with the token replaced.
set -euo pipefail
read -r root username password < <(curl -sf "$1/stages/default" | python3 -c '
import json, sys, urllib.parse
vendor = json.load(sys.stdin)["vendors"]["athelas"]
quoted = [urllib.parse.quote(vendor["credentials"][name], safe="") for name in ("username", "password")]
print(vendor["base"], *quoted)')
answer=$(curl -sf -X POST "$root/v1/ambient/api/auth/token" \
    -H 'Content-Type: application/x-www-form-urlencoded' \
    -d "username=$username&password=$password")
token=$(printf '%s' "$answer" | sed 's/.*"access_token":"\([^"]*\)".*/\1/')
documented='{"access_token":"eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9...","token_type":"bearer"}'
shown=${answer/"${token#*.}"/..}
[ "$shown" = "$documented" ] || { echo "got an answer of another shape"; exit 1; }
header="Authorization: Bearer $token"
scribe=$(curl -sf -X POST "$root/v1/ambient/api/scribe" -H "$header" -F template_ids=1042 -F transcripts=hello)
id=$(printf '%s' "$scribe" | sed 's/.*"scribe_id":\([0-9]*\).*/\1/')
curl -sf -X GET "$root/v1/ambient/api/scribe/$id" -H "$header" | grep -q "\"scribe_id\":$id"
[ "$(curl -s -o /dev/null -w '%{http_code}' "$root/v1/ambient/api/scribe/12345")" = 401 ]
