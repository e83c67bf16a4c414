#!/usr/bin/env bash
# Runs locum with the words of ARGUMENTS: split at blanks, with quotes and backslashes as xargs reads them. No shell sees them.
set -euo pipefail
xargs -n 1 printf '%s\n' <<<"$ARGUMENTS" >"$RUNNER_TEMP/locum-arguments"
arguments=()
while IFS= read -r word; do arguments+=("$word"); done <"$RUNNER_TEMP/locum-arguments"
exec locum "${arguments[@]}"
