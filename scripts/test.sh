#!/usr/bin/env bash
# Installs what is missing, builds with warnings as errors, runs every test, and ends with the
# count. Fails where a test fails, and where LiteRT is missing unless QBENCH_ALLOW_NO_LITERT=1.
#     scripts/test.sh [PRESET]        (default: dev; asan-ubsan for the sanitizers)
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
preset=${1:-dev}
scripts/setup.sh --tests
scripts/build.sh "$preset"

log=$(mktemp)
trap 'rm -f "$log"' EXIT
status=0
ctest --preset "$preset" --parallel "$(nproc)" --no-tests=error 2>&1 | tee "$log" || status=$?

# ctest's own count leaves the skipped tests out of sight; say them, and why (its log has all output).
summary=$(sed -n '/% tests passed, .* failed out of /,$p' "$log")
failed=$(sed -n '1s/.*, \([0-9]*\) tests\{0,1\} failed out of .*/\1/p' <<<"$summary")
total=$(sed -n '1s/.* failed out of \([0-9]*\)$/\1/p' <<<"$summary")
skipped=$(grep -c '(Skipped)$' <<<"$summary" || true)
echo
if ((skipped)); then
  echo "Skipped tests:"
  awk '/^[0-9]+\/[0-9]+ Testing: / {test = $3}
       why {print "  " test ": " $0; why = 0}
       /: Skipped$/ {why = 1}' "build/$preset/Testing/Temporary/LastTest.log"
fi
echo "$((${total:-0} - ${failed:-0} - skipped)) passed, ${failed:-0} failed, $skipped skipped"
exit "$status"
