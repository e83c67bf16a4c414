#!/usr/bin/env bash
# Prints the formula of a release for the tap locum-dev/homebrew-tap. Usage: formula.sh VERSION SHA256SUMS
set -euo pipefail
version=$1 sums=$2
if [ "${GITHUB_REF_TYPE:-}" = tag ] && [ "$GITHUB_REF_NAME" != "v$version" ]; then
    echo "the tag is $GITHUB_REF_NAME, and not v$version" >&2
    exit 1
fi

archive() {
    local name=locum-$version-$1.tar.gz sum
    sum=$(awk -v name="$name" '$2 == name { print $1 }' "$sums")
    [ -n "$sum" ] || { echo "$sums does not name $name" >&2; exit 1; }
    printf '      url "https://github.com/locum-dev/locum/releases/download/v%s/%s"\n      sha256 "%s"\n' "$version" "$name" "$sum"
}
mac_arm=$(archive aarch64-apple-darwin)
mac_intel=$(archive x86_64-apple-darwin)
linux_arm=$(archive aarch64-unknown-linux-musl)
linux_intel=$(archive x86_64-unknown-linux-musl)

cat <<FORMULA
class Locum < Formula
  desc "Mock vendors and conformance harness for digital-health vendors' authentication"
  homepage "https://github.com/locum-dev/locum"
  version "$version"
  license any_of: ["Apache-2.0", "MIT"]

  on_macos do
    on_arm do
$mac_arm
    end
    on_intel do
$mac_intel
    end
  end

  on_linux do
    on_arm do
$linux_arm
    end
    on_intel do
$linux_intel
    end
  end

  def install
    bin.install "locum"
  end

  test do
    assert_match version.to_s, shell_output("#{bin}/locum --version")
    system bin/"locum", "check", "pattern"
  end
end
FORMULA
