#!/usr/bin/env bash
# Packs built programs: for each an archive, a wheel, an npm package and, where it is static, an image; once what is the
# same everywhere (npm's command, the helpers of pytest and of node's runners), and the checksums of all.
# Usage: crates/packages/package.sh [TARGET=BINARY...]      such as x86_64-unknown-linux-musl=bin/locum; target/release/locum
# when nothing is said. Into target/packages, or PACKAGES, whose packages of earlier runs go.
# Needs python3 with pip, node with npm, GNU tar. The same files give the same packages (SOURCE_DATE_EPOCH).
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
target=${CARGO_TARGET_DIR:-$root/target}
out=${PACKAGES:-$target/packages}
[ $# -gt 0 ] || set -- "$(rustc -vV | sed -n 's/^host: //p')=$target/release/locum"
version=$(sed -n 's/^version = "\(.*\)"/\1/p' "$root/Cargo.toml" | head -1)
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git -C "$root" log -1 --format=%ct)}
export SOURCE_DATE_EPOCH PIP_DISABLE_PIP_VERSION_CHECK=1 PYTHONDONTWRITEBYTECODE=1
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
mkdir -p "$out"
rm -f "$out"/*locum-* "$out"/SHA256SUMS
out=$(cd "$out" && pwd)

node_platform() {
    case $1 in
        x86_64-*-linux-*) echo linux-x64 ;;
        aarch64-*-linux-*) echo linux-arm64 ;;
        x86_64-apple-darwin) echo darwin-x64 ;;
        aarch64-apple-darwin) echo darwin-arm64 ;;
        x86_64-pc-windows-msvc) echo win32-x64 ;;
        *) echo "no package is made for $1" >&2 && exit 2 ;;
    esac
}

for pair in "$@"; do
    triple=${pair%%=*} binary=$(realpath "${pair#*=}")
    platform=$(node_platform "$triple")
    file=locum
    case $platform in win32-*) file=locum.exe ;; esac

    folder=$scratch/$triple
    mkdir "$folder"
    install -m 755 "$binary" "$folder/$file"
    install -m 644 "$root"/LICENSE-* "$root/README.md" "$folder"
    tar -C "$folder" --sort=name --mtime="@$SOURCE_DATE_EPOCH" --owner=0 --group=0 --numeric-owner -c . |
        gzip -n >"$out/locum-$version-$triple.tar.gz"

    LOCUM_BINARY=$folder/$file LOCUM_TARGET=$triple python3 -m pip wheel --quiet --no-deps -w "$out" "$here/pypi"
    libc=
    case $platform in linux-*) libc=$(python3 "$here/elf.py" "$folder/$file") ;; esac
    node "$here/npm/build.mjs" --out "$out" --platform "$platform" --libc "$libc" --binary "$folder/$file" >/dev/null

    case $platform:$libc in
        linux-*:)
            context=$target/image/$triple
            rm -rf "$context" && mkdir -p "$context"
            cp "$here/image/Dockerfile" "$folder/locum" "$root"/LICENSE-* "$context"
            cp "${CA_CERTIFICATES:-/etc/ssl/certs/ca-certificates.crt}" "$context/ca-certificates.crt"
            python3 "$here/image/build.py" "$context" "$out/locum-$version-image-$platform.tar" "locum:$version" locum:latest
            ;;
        linux-*) echo "no image of $triple: an image from scratch needs a static program (cargo build --release --target ${triple%-*}-musl)" >&2 ;;
    esac
done

node "$here/npm/build.mjs" --out "$out" >/dev/null
python3 -m pip wheel --quiet --no-deps -w "$out" "$root/crates/bindings/python"
npm pack --silent --pack-destination "$out" "$root/crates/bindings/node" >/dev/null
(cd "$out" && sha256sum -- * >"$scratch/sums" && mv "$scratch/sums" SHA256SUMS)
ls -1 "$out"
