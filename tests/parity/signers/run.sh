#!/usr/bin/env bash
# botocore, aws-sdk-go-v2 and aws-sigv4 sign generated requests; our verifier has to take each signature,
# and none with a bent byte. What is needed is installed under target/parity.
# Usage: tests/parity/signers/run.sh [REQUESTS] [SEED]; 3,600 requests make 10,000 signatures.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../../.." && pwd)
target=${CARGO_TARGET_DIR:-$root/target}
work=$target/parity/signers
count=${1:-3600}
seed=${2:-1}
mkdir -p "$work"

python=$work/venv/bin/python
[ -x "$python" ] || python3 -m venv "$work/venv"
"$python" -m pip install --quiet --disable-pip-version-check -r "$here/requirements.txt"
(cd "$here/go" && go build -o "$work/go-signer" .)

"$python" "$here/generate.py" "$count" "$seed" >"$work/requests.ndjson"
"$python" "$here/botocore_signer.py" <"$work/requests.ndjson" >"$work/botocore.ndjson"
"$work/go-signer" <"$work/requests.ndjson" >"$work/go.ndjson"
cd "$root"
# With the features that the tests have, so that nothing is compiled twice.
cargo build --quiet --workspace --example parity-signers
"$target/debug/examples/parity-signers" "$seed" "$work/requests.ndjson" \
    "botocore=$work/botocore.ndjson" "aws-sdk-go-v2 (Go)=$work/go.ndjson"
