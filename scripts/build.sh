#!/usr/bin/env bash
# Builds a CMake preset (default: release) with no more jobs than the memory allows.
#     scripts/build.sh [PRESET] [TARGET…]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
preset=${1:-release}
shift || true

# The largest translation unit takes about 700 MB of memory to compile.
memory_mb=$(awk '/^MemAvailable/ {print int($2 / 1024)}' /proc/meminfo)
jobs=$((memory_mb / 700))
cores=$(nproc)
((jobs < cores)) || jobs=$cores
((jobs >= 1)) || jobs=1

cmake --preset "$preset"
cmake --build --preset "$preset" --parallel "$jobs" ${1:+--target "$@"}
