#!/usr/bin/env bash
# Puts LiteRT's library (libLiteRt.so, from the wheel ai-edge-litert on PyPI) into .prefix/litert,
# where the plugin `litert` finds it. The version and the library's SHA-256 are pinned: a library
# with another hash is not installed.
set -euo pipefail

version=2.3.0
declare -A platforms=([x86_64]=manylinux_2_27_x86_64 [aarch64]=manylinux_2_27_aarch64)
declare -A hashes=(
  [x86_64]=eec47eb35e2924b3166015887e652a58edc9af823ae38e02bf83bef2548300bb
  [aarch64]=b57687dc234d2b8b0598aef5a9c961ed24263df8f8b3f56adbee1cff618e544b
)

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
prefix=$root/.prefix/litert
library=$prefix/libLiteRt.so
machine=$(uname -m)
hash=${hashes[$machine]:-}
if [[ -z $hash ]]; then
  echo "install_litert.sh: there is no LiteRT for $machine; qbench works without it, with 'xnnpack' and 'reference'" >&2
  exit 0
fi

matches() { [[ -f $1 ]] && echo "$hash  $1" | sha256sum --check --status; }
if matches "$library"; then
  echo "LiteRT $version is installed in .prefix/litert."
  exit 0
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
echo "Fetching LiteRT $version for $machine (about 20 MB)."
if ! python3 -m pip download --quiet --disable-pip-version-check --no-deps --only-binary=:all: \
  --python-version 3.11 --platform "${platforms[$machine]}" --dest "$work" "ai-edge-litert==$version"; then
  echo "install_litert.sh: pip could not fetch ai-edge-litert $version; check the network and run scripts/setup.sh again" >&2
  exit 2
fi
python3 -m zipfile --extract "$work"/ai_edge_litert-*.whl "$work/wheel"
if ! matches "$work/wheel/ai_edge_litert/libLiteRt.so"; then
  echo "install_litert.sh: the library in the wheel has not the pinned SHA-256 ($hash); not installed" >&2
  exit 2
fi
mkdir -p "$prefix"
install -m 644 "$work"/wheel/ai_edge_litert-*.dist-info/licenses/LICENSE "$prefix/LICENSE"
echo "$version" >"$prefix/VERSION"
install -m 644 "$work/wheel/ai_edge_litert/libLiteRt.so" "$library"
echo "LiteRT $version is installed in .prefix/litert."
