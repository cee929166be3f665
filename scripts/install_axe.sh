#!/usr/bin/env bash
# Puts axe-core (axe.min.js, from the wheel axe-playwright-python on PyPI) into .prefix/axe, where the test
# of the page in a browser finds it. Version and SHA-256 are pinned.
set -euo pipefail

version=0.1.8
hash=84494fec757e4710dc751c8d7a636e457f4532f08f85c86dc9070133fbff53bc
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
file=$root/.prefix/axe/axe.min.js

matches() { [[ -f $1 ]] && echo "$hash  $1" | sha256sum --check --status; }
if matches "$file"; then
  echo "axe-core is installed in .prefix/axe."
  exit 0
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
if ! python3 -m pip download --quiet --disable-pip-version-check --no-deps --only-binary=:all: \
  --dest "$work" "axe-playwright-python==$version"; then
  echo "install_axe.sh: pip could not fetch axe-playwright-python $version; check the network and run scripts/setup.sh --browser again" >&2
  exit 2
fi
python3 -m zipfile --extract "$work"/axe_playwright_python-*.whl "$work/wheel"
if ! matches "$work/wheel/axe_playwright_python/axe.min.js"; then
  echo "install_axe.sh: the file in the wheel has not the pinned SHA-256 ($hash); not installed" >&2
  exit 2
fi
mkdir -p "${file%/*}"
install -m 644 "$work/wheel/axe_playwright_python/axe.min.js" "$file"
echo "axe-core is installed in .prefix/axe."
