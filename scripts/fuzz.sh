#!/usr/bin/env bash
# Runs a reader on mutated copies of files under AddressSanitizer and UndefinedBehaviorSanitizer.
#
#   scripts/fuzz.sh [--count N] [--seed N] PROGRAM FILE...
#
# PROGRAM is a target of tests/fuzz: fuzz_tflite_reader (its FILE "-" is a small built-in model) or
# fuzz_keras_h5 (small files: tests/import/data/*.keras?.h5).
# COUNT mutations of each file, 100000 by default. Stops at the first failure, whose message names
# the seed that repeats it.
set -euo pipefail

count=100000
seed=1
while [[ $# -gt 0 && $1 == --* ]]; do
  case $1 in
    --count) count=$2; shift 2 ;;
    --seed) seed=$2; shift 2 ;;
    *) echo "fuzz.sh: unknown option $1; see the head of scripts/fuzz.sh" >&2; exit 2 ;;
  esac
done
if [[ $# -lt 2 ]]; then
  echo "usage: scripts/fuzz.sh [--count N] [--seed N] PROGRAM FILE..." >&2
  exit 2
fi
program=$1
shift
files=()
for file in "$@"; do
  if [[ $file == - ]]; then files+=("-"); else files+=("$(realpath "$file")"); fi
done

cd "$(dirname "${BASH_SOURCE[0]}")/.."
cmake --preset asan-ubsan
cmake --build --preset asan-ubsan --target "$program"

# A hostile size must be refused, not allocated: 2 GiB is more than any file here needs.
export ASAN_OPTIONS=${ASAN_OPTIONS:-allocator_may_return_null=0:max_allocation_size_mb=2048}
export UBSAN_OPTIONS=${UBSAN_OPTIONS:-print_stacktrace=1}
for file in "${files[@]}"; do
  "build/asan-ubsan/tests/$program" "$file" "$seed" "$count"
done
