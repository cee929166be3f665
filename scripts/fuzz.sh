#!/usr/bin/env bash
# Runs the readers of outside bytes on mutated inputs under AddressSanitizer and
# UndefinedBehaviorSanitizer.
#
#   scripts/fuzz.sh [--minutes N] [--seed N] [--libfuzzer] TARGET|all [INPUT...]
#
# TARGET is one of tests/fuzz: database, image_header, keras_h5, tflite, zip, … (`all`: each in turn).
# INPUTs, files or folders, take the place of the built-in ones. MINUTES of processor time for each
# target, 1 by default. Stops at the first failure, whose message names the input and the seed that
# repeat it. With --libfuzzer (clang): guided by coverage; what it learns stays in
# build/fuzz/corpus/TARGET.
set -euo pipefail

minutes=1
seed=1
libfuzzer=no
while [[ $# -gt 0 && $1 == --* ]]; do
  case $1 in
    --minutes) minutes=$2; shift 2 ;;
    --seed) seed=$2; shift 2 ;;
    --libfuzzer) libfuzzer=yes; shift ;;
    *) echo "fuzz.sh: unknown option $1; see the head of scripts/fuzz.sh" >&2; exit 2 ;;
  esac
done
if [[ $# -lt 1 ]]; then
  echo "usage: scripts/fuzz.sh [--minutes N] [--seed N] [--libfuzzer] TARGET|all [INPUT...]" >&2
  exit 2
fi
chosen=$1
shift
inputs=()
for input in "$@"; do inputs+=("$(realpath "$input")"); done

cd "$(dirname "${BASH_SOURCE[0]}")/.."
targets=()
for file in tests/fuzz/fuzz_*.cc; do
  name=$(basename "$file" .cc)
  name=${name#fuzz_}
  [[ $name == target ]] && continue
  if [[ $chosen == all || $chosen == "$name" ]]; then targets+=("$name"); fi
done
if ((${#targets[@]} == 0)); then
  echo "fuzz.sh: there is no tests/fuzz/fuzz_$chosen.cc" >&2
  exit 2
fi

preset=asan-ubsan
[[ $libfuzzer == no ]] || preset=fuzz
scripts/build.sh "$preset" "${targets[@]/#/fuzz_}"

# A hostile size must be refused, not allocated: 2 GiB is more than any file here needs.
export ASAN_OPTIONS=${ASAN_OPTIONS:-allocator_may_return_null=0:max_allocation_size_mb=2048}
export UBSAN_OPTIONS=${UBSAN_OPTIONS:-print_stacktrace=1}

# Numbered mutations, a batch after another until the time is over.
mutate() {
  local program=$1 batch=200 next=$seed start
  start=$(date +%s)
  while (($(date +%s) - start < minutes * 60)); do
    "$program" --seed "$next" --count "$batch" "${inputs[@]}" >/tmp/fuzz.$$.out || return 1
    next=$((next + batch))
    ((batch > 20000)) || batch=$((batch * 2))
  done
  sed "s/$/ (seeds $seed to $((next - 1)); the last batch is shown)/" /tmp/fuzz.$$.out
  rm -f /tmp/fuzz.$$.out
}

for name in "${targets[@]}"; do
  if [[ $libfuzzer == no ]]; then
    mutate "build/$preset/tests/fuzz_$name"
  else
    corpus=build/fuzz/corpus/$name
    mkdir -p "$corpus"
    QBENCH_FUZZ_SEEDS=$corpus "build/fuzz/tests/fuzz_$name" -max_total_time=$((minutes * 60)) -timeout=20 -rss_limit_mb=2048 \
      -print_final_stats=1 -artifact_prefix="build/fuzz/$name-" "$corpus" "${inputs[@]}"
  fi
done
