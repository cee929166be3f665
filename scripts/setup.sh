#!/usr/bin/env bash
# Installs what qbench needs on Debian 12, Debian 13 or Raspberry Pi OS (64-bit): packages, through
# apt-get, and LiteRT's library, into this folder's .prefix. Safe to run again: it does what is
# still missing. Run as root or as a user who may use sudo.
set -euo pipefail

usage() {
  cat <<EOF
Usage: scripts/setup.sh [--tests] [--lint] [--coverage] [--browser] [--no-litert]

  --tests      also what the tests need (GoogleTest)
  --lint       also clang-format and clang-tidy
  --coverage   also what scripts/coverage.sh needs (gcovr)
  --browser    also what the test of the page in a browser needs (Chromium; axe-core from PyPI)
  --no-litert  packages alone; qbench then has the runtimes 'xnnpack' and 'reference'
EOF
}

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
source "$root/scripts/packages.sh"

packages=("${packages_build[@]}")
litert=yes
axe=no
for argument in "$@"; do
  case $argument in
    --tests) packages+=("${packages_tests[@]}") ;;
    --lint) packages+=("${packages_lint[@]}") ;;
    --coverage) packages+=("${packages_coverage[@]}") ;;
    --browser) packages+=("${packages_browser[@]}"); axe=yes ;;
    --no-litert) litert=no ;;
    -h | --help) usage; exit 0 ;;
    *) usage >&2; exit 2 ;;
  esac
done
[[ $litert == no ]] || packages+=("${packages_litert[@]}")

as_root() {
  if [[ $(id -u) == 0 ]]; then
    "$@"
  elif command -v sudo >/dev/null; then
    sudo "$@"
  else
    echo "setup.sh: installing packages needs root: run it as root, or install sudo" >&2
    exit 2
  fi
}

missing=()
for package in "${packages[@]}"; do
  [[ $(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null) == installed ]] ||
    missing+=("$package")
done
if ((${#missing[@]})); then
  echo "Installing ${#missing[@]} packages: ${missing[*]}"
  as_root apt-get update -q
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends "${missing[@]}"
else
  echo "All packages are installed."
fi

# Without LiteRT qbench still works, so this is no failure here; scripts/test.sh tells the difference.
if [[ $litert == yes ]] && ! "$root/scripts/install_litert.sh"; then
  echo "setup.sh: going on without LiteRT: qbench has the runtimes 'xnnpack' and 'reference'" >&2
fi
if [[ $axe == yes ]] && ! "$root/scripts/install_axe.sh"; then
  echo "setup.sh: going on without axe-core: its test is skipped" >&2
fi
