#!/usr/bin/env bash
# Clients whose hosts are hard-wired, unchanged, on the port that https has: in a namespace of their
# own, where those names lead to the mocks and nothing else can be reached. What a compose file does
# with a network alias. Usage: unshare -rmn tests/interop/tls/hard_wired.sh LOCUM-BINARY PYTHON-WITH-BOTO3
set -euo pipefail
locum=$1
python=$2
work=$(mktemp -d)
ip link set lo up
{
    echo "127.0.0.1 localhost api.pattern.health mi.scribelabs.ai"
    echo "127.0.0.1 cognito-idp.eu-west-2.amazonaws.com cognito-identity.eu-west-2.amazonaws.com"
} >"$work/hosts"
mount --bind "$work/hosts" /etc/hosts

"$locum" serve --tls --tls-port 443 --ca-dir "$work/ca" --port-file "$work/port" >"$work/serve.log" 2>&1 &
server=$!
trap 'kill $server 2>/dev/null || true; rm -rf "$work"' EXIT
for _ in $(seq 100); do [ -s "$work/port" ] && break; sleep 0.1; done
[ -s "$work/port" ] || { cat "$work/serve.log"; exit 1; }
curl -fsS http://localhost:4700/_locum/stages/default -o "$work/stage.json"
pick() { python3 -c "import json; print(json.load(open('$work/stage.json'))['vendors']$1)"; }

# Pattern's own curl line, host and all.
curl -fsS --cacert "$work/ca/ca.pem" https://api.pattern.health/api/auth/token \
    -u "$(pick "['pattern']['credentials']['client_id']"):$(pick "['pattern']['credentials']['client_secret']")" \
    -d grant_type=client_credentials | grep -q access_token

# boto3 as it comes: no endpoint is named anywhere.
env -i PATH="$PATH" HOME="$work" AWS_CA_BUNDLE="$work/ca/ca.pem" AWS_EC2_METADATA_DISABLED=true \
    STAGE="$work/stage.json" "$python" - <<'PYTHON'
import json, os
import boto3
from botocore import UNSIGNED
from botocore.config import Config

own = json.load(open(os.environ["STAGE"]))["vendors"]["scribe"]["credentials"]
unsigned = Config(signature_version=UNSIGNED)
pool = boto3.client("cognito-idp", region_name="eu-west-2", config=unsigned)
login = pool.initiate_auth(
    ClientId=own["client_id"],
    AuthFlow="USER_PASSWORD_AUTH",
    AuthParameters={"USERNAME": own["username"], "PASSWORD": own["password"]},
)["AuthenticationResult"]
identity = boto3.client("cognito-identity", region_name="eu-west-2", config=unsigned)
logins = {f"cognito-idp.eu-west-2.amazonaws.com/{own['user_pool_id']}": login["IdToken"]}
who = identity.get_id(IdentityPoolId=own["identity_pool_id"], Logins=logins)["IdentityId"]
given = identity.get_credentials_for_identity(IdentityId=who, Logins=logins)["Credentials"]
assert given["SessionToken"], given

# A call that is signed for the host that is in the code.
import urllib.request
import ssl
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

stage = json.load(open(os.environ["STAGE"]))["vendors"]["scribe"]
path = stage["urls"]["api"].split("/scribe", 1)[1] + stage["sample"]
request = AWSRequest("GET", "https://mi.scribelabs.ai" + path)
keys = Credentials(given["AccessKeyId"], given["SecretKey"], given["SessionToken"])
SigV4Auth(keys, "execute-api", "eu-west-2").add_auth(request)
trusted = ssl.create_default_context(cafile=os.environ["AWS_CA_BUNDLE"])
call = urllib.request.Request(request.url, headers=dict(request.headers))
with urllib.request.urlopen(call, context=trusted) as answer:
    assert answer.status == 200, answer.status
PYTHON
