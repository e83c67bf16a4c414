# Sourced by tests that need a browser: sets `browser`. CHROMIUM names it, or it is the one of Debian's
# package `chromium`, which is installed where that is allowed.
browser=${CHROMIUM:-$(command -v chromium || command -v chromium-browser || true)}
if [ -z "$browser" ] && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium fonts-dejavu-core >/dev/null
    browser=$(command -v chromium || true)
fi
[ -n "$browser" ] || { echo "chromium is not installed: apt-get install chromium, or name it: CHROMIUM=PATH" >&2; exit 2; }
