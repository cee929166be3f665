#!/usr/bin/env bash
# Which lines the tests run: builds with gcc's counters in a folder of its own, runs the suite, prints
# the share of lines by folder, and writes build/PRESET/coverage/index.html.
#
#   scripts/coverage.sh [--targets "T…"] [--tests REGEX] [PRESET]       (default: coverage)
#
# With --targets only these are built, with --tests only tests whose names match are run: for a look
# at a part. What is not built is left out of the figures. A process that is killed or crashes, as
# workers are in some tests, takes its counts with it: what it ran may show as not run.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

targets=()
tests=.
while [[ $# -gt 0 && $1 == --* ]]; do
  case $1 in
    --targets) read -ra targets <<<"$2"; shift 2 ;;
    --tests) tests=$2; shift 2 ;;
    *) echo "coverage.sh: unknown option $1; see the head of scripts/coverage.sh" >&2; exit 2 ;;
  esac
done
preset=${1:-coverage}

scripts/setup.sh --tests --coverage
scripts/build.sh "$preset" "${targets[@]}"
build=build/$preset
if ! grep -q '^QBENCH_COVERAGE:BOOL=ON' "$build/CMakeCache.txt"; then
  echo "coverage.sh: the preset $preset does not count lines: it needs QBENCH_COVERAGE=ON" >&2
  exit 2
fi

# A contained worker could not write its counts into the build folder (docs/plugin-abi.md).
export QBENCH_CONTAIN=0
# Counts add up from run to run: begin with none.
find "$build" -name '*.gcda' -delete
status=0
ctest --preset "$preset" --parallel "$(nproc)" --no-tests=error --tests-regex "$tests" || status=$?

mkdir -p "$build/coverage"
filters=()
for folder in base cli datasets graph harness kernels plugins quantize reports; do
  filters+=(--filter "$folder/")
done
gcovr --root . --object-directory "$build" "$build" "${filters[@]}" -j "$(nproc)" \
  --html-details "$build/coverage/index.html" --csv "$build/coverage/lines.csv"

echo
awk -F, 'NR > 1 {
  folder = $1
  if (!sub("/[^/]*$", "", folder)) folder = "."
  lines[folder] += $2; covered[folder] += $3; all += $2; all_covered += $3
}
function text(name, covered, lines) {
  return sprintf("%-32s %6d of %6d lines  %5.1f %%", name, covered, lines, lines ? 100 * covered / lines : 0)
}
END {
  for (folder in lines) print text(folder, covered[folder], lines[folder]) | "sort"
  close("sort")
  print text("all", all_covered, all)
}' "$build/coverage/lines.csv"
echo "Every line: $build/coverage/index.html"
((status == 0)) || echo "coverage.sh: tests failed (see above): the figures are of what ran" >&2
exit "$status"
