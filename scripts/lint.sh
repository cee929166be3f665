#!/usr/bin/env bash
# clang-format (differences are errors) and clang-tidy over every source file of ours.
#     scripts/lint.sh [--format-only]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
mapfile -t sources < <(git ls-files '*.h' '*.cc' '*.c')
clang-format --dry-run --Werror "${sources[@]}"
[[ ${1:-} != --format-only ]] || exit 0
[[ -f build/dev/compile_commands.json ]] || cmake --preset dev
# clang cannot read the compiler's precompiled headers.
mkdir -p build/lint
sed -E 's/ (-Winvalid-pch|-fpch-preprocess|-include [^ ]*cmake_pch[^ ]*)//g' build/dev/compile_commands.json \
  >build/lint/compile_commands.json
mapfile -t compiled < <(git ls-files '*.cc' ':!datasets/scenes/draw' ':!tests/abi/consumer')
printf '%s\n' "${compiled[@]}" | xargs -P "$(nproc)" -n 4 clang-tidy --quiet -p build/lint
