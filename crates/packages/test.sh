#!/usr/bin/env bash
# Each package in a clean environment, as who installs it would use it: from an empty folder to a verdict by a test with a
# body of ten lines at most.
# Usage: crates/packages/test.sh [PART...]     of: python node go image action java; without a word all but java, which fetches
# Maven's plugins. The packages: target/packages (`just package`), or PACKAGES. Only what the packages' own users need is
# there: no LOCUM_* variable, and a PATH that has no locum.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
target=${CARGO_TARGET_DIR:-$root/target}
packages=$(realpath -m "${PACKAGES:-$target/packages}")
[ -e "$packages/SHA256SUMS" ] || { echo "$packages holds no packages: just package" >&2; exit 2; }
parts=${*:-python node go image action}
if [ $# = 0 ] && [ "$(id -u)" != 0 ]; then
    echo 'image: not tried, since only root may run it without an engine (sudo)'
    parts=${parts/image/}
fi
work=$target/package-tests
for name in $(compgen -e LOCUM_ || true); do unset "$name"; done
. "$root/tests/parts.sh"

fail() {
    echo "$*" >&2
    exit 1
}

# Waits for a server that writes its port, and has the file gone at the end.
await() { for _ in $(seq 300); do [ -s "$1" ] && return; sleep 0.1; done; fail "$1 was not written"; }

# Ends with code $1, and says $2.
ends() {
    local code=0 text
    text=$("${@:3}" 2>&1) || code=$?
    [ "$code" = "$1" ] && grep -q -- "$2" <<<"$text" || fail "${*:3}: ended with $code, not $1 and '$2': $text"
}

# The archive of a release on PATH: what Java, Go and everybody else have.
unpack() {
    mkdir bin
    tar -xzf "$(ls "$packages"/locum-*-"$(uname -m)"-*.tar.gz | tail -1)" -C bin
    export PATH=$PWD/bin:$PATH
}

test_python() {
    python3 -m venv venv
    # Ours by themselves, so that no registry's are taken: pip chooses the wheel of this platform.
    venv/bin/pip install --quiet --disable-pip-version-check --no-index --no-deps --find-links "$packages" locum pytest-locum
    venv/bin/pip install --quiet --disable-pip-version-check 'pytest>=8'
    cp "$here/tests/test_login.py" .
    # By its path: a virtual environment that nobody activated has no locum on PATH.
    venv/bin/python -m pytest --quiet test_login.py
    ends 0 '^locum ' venv/bin/locum --version
    ends 0 'PASS' venv/bin/locum check pattern --id VEN-26
    ends 2 'unknown vendor' venv/bin/locum check nobody
    venv/bin/pip uninstall --quiet --yes locum
    [ ! -e venv/bin/locum ] || fail 'uninstalled, and still there'
}

test_node() {
    echo '{"private": true}' >package.json
    platform=$(node -p 'process.platform + "-" + process.arch')
    npm install --offline --silent --no-audit --no-fund \
        "$packages"/locum-[0-9]*.tgz "$packages/locum-dev-$platform"-*.tgz "$packages"/locum-testing-*.tgz
    cp "$here/tests/login.test.mjs" .
    # Not by npx: no node_modules/.bin on PATH.
    node --test login.test.mjs
    ends 0 '^locum ' npx --offline locum --version
    ends 2 'unknown vendor' npx --offline locum check nobody
    # A signal to the shim ends the server in order.
    node_modules/.bin/locum serve --port 0 --port-file port --quiet >serve.log &
    await port
    kill -TERM $!
    wait $! || fail 'the shim did not end as the program did'
    [ ! -e port ] || fail 'the server was not ended in order'
    mkdir ../node-alone && cd ../node-alone
    echo '{"private": true}' >package.json
    npm install --offline --silent --no-audit --no-fund --omit=optional "$packages"/locum-[0-9]*.tgz "$packages"/locum-testing-*.tgz
    ends 3 'is not installed' node_modules/.bin/locum --version
    cp "$here/tests/login.test.mjs" .
    # The helpers go on to PATH.
    (unpack && node --test login.test.mjs)
    echo 'Object.defineProperty(process, "platform", { value: "sunos" })' >elsewhere.cjs
    ends 3 'has no package for sunos' node -r ./elsewhere.cjs node_modules/locum/locum.cjs --version
}

test_go() {
    unpack
    cp "$here/tests/login_test.go" .
    cp -R "$root/crates/bindings/go" helper
    go mod init example.test/login 2>/dev/null
    go mod edit -require github.com/locum-dev/locum/crates/bindings/go@v0.1.0 -replace github.com/locum-dev/locum/crates/bindings/go=./helper
    go test -count=1 ./...
}

test_java() {
    unpack
    repository=(${MAVEN_REPOSITORY:+-Dmaven.repo.local=$MAVEN_REPOSITORY})
    cp -R "$root/crates/bindings/java" helper
    (cd helper && mvn -q -B "${repository[@]}" -DskipTests install)
    mkdir -p src/test/java
    cp "$here/tests/LoginTest.java" src/test/java
    cp "$here/tests/pom.xml" .
    mvn -q -B "${repository[@]}" test
}

# The image's file system, run as its configuration says, in namespaces instead of an engine.
test_image() {
    command -v unshare >/dev/null || fail 'unshare is not installed (util-linux)'
    local binary=$PWD/context/locum image
    image=$(ls "$packages"/locum-*-image-linux-x64.tar 2>/dev/null | tail -1) || true
    if [ -z "$image" ]; then
        # The program here is not static: its image would lack the loader, which is put in beside it for this test alone.
        mkdir context archive
        tar -xzf "$(ls "$packages"/locum-*-"$(uname -m)"-*.tar.gz | tail -1)" -C context
        cp /etc/ssl/certs/ca-certificates.crt context 2>/dev/null || touch context/ca-certificates.crt
        image=image.tar
        python3 "$here/image/build.py" --dynamic context "$image" locum:test
        cp image.tar again.tar
        python3 "$here/image/build.py" --dynamic context again.tar locum:test
        cmp image.tar again.tar
        ends 1 'is not static' python3 "$here/image/build.py" context refused.tar locum:test
    fi
    python3 "$here/tests/unpack_image.py" "$image" rootfs >environment
    if [ -e "$binary" ]; then
        ldd "$binary" | grep -o '/[^ ]*' | while read -r library; do cp -L --parents "$library" rootfs; done
    fi
    mkdir -p rootfs/dev/shm
    chmod 1777 rootfs/dev/shm
    mapfile -t start <environment
    contained=(unshare --mount --ipc --uts --pid --fork --kill-child env -i "${start[@]:3}" LOCUM_CONTROL_TOKEN=t LOCUM_ALLOW_HOST=locum
        LOCUM_PORT=0 LOCUM_PORT_FILE=/dev/shm/port "$(command -v chroot)" "--userspec=${start[0]}" rootfs)
    "${contained[@]}" ${start[1]} >serve.log &
    server=$!
    # unshare takes no SIGTERM while it waits, and what became another user outlives it.
    trap 'kill -KILL $(ps -o pid= --ppid $server) $server 2>/dev/null || true' EXIT
    await rootfs/dev/shm/port
    port=$(cat rootfs/dev/shm/port)
    grep -q '^LISTENING http://0.0.0.0:' serve.log
    grep -q '^CONTROL-TOKEN t$' serve.log
    # What the image's health check, and the compose file's neighbour, ask.
    ends 0 "^ok http://127.0.0.1:$port\$" "${contained[@]}" ${start[2]}
    ends 1 'start one with' "${contained[@]}" locum health --url http://127.0.0.1:1
    ends 0 'LOCUM_VENDOR' "${contained[@]}" locum env --url "http://127.0.0.1:$port" --format json
    ends 4 'start one with' "${contained[@]}" locum env --url http://127.0.0.1:1 --format json
    ends 0 'http://locum:.*/pattern' python3 "$here/tests/ask.py" "$port" locum t
    ends 1 'HTTP Error 401' python3 "$here/tests/ask.py" "$port" locum wrong
    ends 1 'HTTP Error 403' python3 "$here/tests/ask.py" "$port" other t
    [ "$(ps -o uid= --ppid "$server" | tr -d ' ')" = 65532 ] || fail 'the server does not run as the user of the image'
    ends 0 'PASS' "${contained[@]}" locum check pattern --id VEN-26
}

# The action's installation, with a gh that has this machine's archive for a release.
test_action() {
    export RELEASE=$PWD/release RUNNER_TEMP=$PWD RUNNER_OS=Linux RUNNER_ARCH=X64 VERSION=latest
    export GITHUB_PATH=$PWD/path GITHUB_OUTPUT=$PWD/output
    mkdir release tools
    cp "$(ls "$packages"/locum-*-"$(uname -m)"-*.tar.gz | tail -1)" release/locum-0.0.0-x86_64-unknown-linux-musl.tar.gz
    (cd release && sha256sum -- * >../sums && mv ../sums SHA256SUMS)
    printf '#!/bin/sh\n[ "$1 $2" = "release download" ] && cp "$RELEASE"/* locum\n' >tools/gh
    chmod +x tools/gh
    install=(env "PATH=$PWD/tools:$PATH" bash "$root/.github/actions/locum/install.sh")
    BINARY='' ends 0 ': OK' "${install[@]}"
    ends 0 '^locum ' "$(cat path)/locum" --version
    BINARY=$PWD/locum/locum RUNNER_TEMP=$PWD/other ends 0 '^locum ' "${install[@]}"
    run=(env "PATH=$(head -1 path):$PATH" bash "$root/.github/actions/locum/run.sh")
    ARGUMENTS="check 'pattern' --id VEN-26" ends 0 'PASS' "${run[@]}"
    ARGUMENTS='check "no body;touch" $(touch injected)' ends 2 'no body;touch' "${run[@]}"
    ARGUMENTS="check 'pattern" ends 1 'quote' "${run[@]}"
    [ ! -e injected ] || fail 'a shell ran the arguments'
    BINARY='' RUNNER_ARCH=S390X ends 1 'no release for Linux on S390X' "${install[@]}"
    echo x >>release/locum-0.0.0-x86_64-unknown-linux-musl.tar.gz
    BINARY='' ends 1 'FAILED' "${install[@]}"
}

rm -rf "$work"
mkdir -p "$work"
play() {
    cd "$work/$1"
    "test_$1"
}
for part in $parts; do
    declare -F "test_$part" >/dev/null || fail "no part $part: python node go image action java"
    mkdir "$work/$part"
    begin "$part" "$work/$part.log" play "$part"
done
await_all
(cd "$packages" && sha256sum --quiet -c SHA256SUMS)
summary
