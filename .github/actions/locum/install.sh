#!/usr/bin/env bash
# Puts locum on PATH for the steps behind this one: BINARY, or the release VERSION once its checksum is right.
set -euo pipefail
folder=$RUNNER_TEMP/locum
mkdir -p "$folder"
case $RUNNER_OS-$RUNNER_ARCH in
    Linux-X64) triple=x86_64-unknown-linux-musl ;;
    Linux-ARM64) triple=aarch64-unknown-linux-musl ;;
    macOS-X64) triple=x86_64-apple-darwin ;;
    macOS-ARM64) triple=aarch64-apple-darwin ;;
    Windows-X64) triple=x86_64-pc-windows-msvc ;;
    *) echo "::error::locum has no release for $RUNNER_OS on $RUNNER_ARCH" && exit 1 ;;
esac
file=locum
[ "$RUNNER_OS" != Windows ] || file=locum.exe

if [ -n "$BINARY" ]; then
    cp "$BINARY" "$folder/$file"
    chmod +x "$folder/$file"
else
    [ "$VERSION" = latest ] && tag=() || tag=("v${VERSION#v}")
    archive="locum-*-$triple.tar.gz"
    gh release download "${tag[@]}" --repo locum-dev/locum --dir "$folder" --clobber --pattern "$archive" --pattern SHA256SUMS
    cd "$folder"
    name=$(compgen -G "$archive")
    # Of this archive alone, and it has to be in the list.
    grep -F "  $name" SHA256SUMS >sum
    if command -v sha256sum >/dev/null; then sha256sum -c sum; else shasum -a 256 -c sum; fi
    tar -xzf "$name"
fi
"$folder/$file" --version
echo "$folder" >>"$GITHUB_PATH"
echo "path=$folder/$file" >>"$GITHUB_OUTPUT"
