#!/bin/sh
# Rewrites the golden files of the tests with what the program writes now, and the tables of columns
# in docs/formats.md. Read the difference (git diff) before you commit it: an approved mistake stays.
#   scripts/approve_goldens.sh [preset]
set -eu
cd "$(dirname "$0")/.."
preset=${1:-dev}
cmake --build --preset "$preset"
QBENCH_APPROVE_GOLDENS=1 ctest --preset "$preset" -L golden
git status --short -- '*/golden/*' docs/formats.md
