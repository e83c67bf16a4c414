#!/usr/bin/env bash
# A client that openapi-python-client makes of the description of the control API, unmodified: it
# makes a stage, turns its clock, injects a fault, mints a token and reads the journal.
# Usage: tests/interop/openapi.sh CONTROL-URL FOLDER     everything is installed in FOLDER
set -euo pipefail
control=$1
work=$2
here=$(cd "$(dirname "$0")" && pwd)/openapi
mkdir -p "$work"
[ -x "$work/venv/bin/python" ] || python3 -m venv "$work/venv"
"$work/venv/bin/python" -m pip install --quiet --disable-pip-version-check -r "$here/requirements.txt"
curl -fsS "$control/openapi.json" -o "$work/openapi.json"
rm -rf "$work/locum_control"
# A warning is a part of the description that the generator leaves out.
"$work/venv/bin/openapi-python-client" generate --path "$work/openapi.json" \
    --output-path "$work/locum_control" --config "$here/config.yml" --meta none --fail-on-warning
PYTHONPATH=$work "$work/venv/bin/python" "$here/steps.py" "$control"
