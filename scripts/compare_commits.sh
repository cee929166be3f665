#!/usr/bin/env bash
# Which of qbench's own benchmarks got slower between two commits? --help says how that is measured
# and judged.
set -euo pipefail

usage() {
  cat <<EOT
Usage: scripts/compare_commits.sh BASE [NEW] [options]

Builds the benchmarks (tests/benchmarks, qbench_benchmarks) of two commits, NEW is HEAD by default,
in git worktrees below build/compare, and runs them in pairs of fresh processes, one of each commit,
one right after the other and each first in turn, so that what slows the machine slows both.

  --filter REGEX    the benchmarks whose name matches (as --benchmark_filter; -REGEX: the others)
  --pairs N         pairs of processes (default: 12)
  --min-time S      seconds a benchmark and process, at least (default: 0.1)
  --limit PERCENT   changes up to this are none (default: 2, which another order of the same
                    functions in memory may make)
  --time real|cpu   the wall clock, or the processor time of the main thread (default: real)
  --preset NAME     CMake preset of both builds (default: release)
  --clean           remove the worktrees and builds of earlier comparisons, and do nothing else

For each benchmark: medians over the processes, the ratio NEW / BASE (Hodges-Lehmann over the pairs)
and its interval (exact Wilcoxon signed-rank test), as wide as it takes for all intervals to hold at
once with 95 %. The rule: slower is what has its interval above 1 + PERCENT / 100 as a whole, faster
what has it below 1 / (1 + PERCENT / 100) as a whole.

Exit status: 0 nothing got slower, 1 something did, 2 it cannot be said.
EOT
}

fail() {
  echo "compare_commits.sh: $*" >&2
  exit 2
}

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
work=$root/build/compare
commits=() filter='' pairs=12 min_time=0.1 limit=2 time=real preset=release clean=no
while (($#)); do
  case $1 in
    -h | --help) usage; exit 0 ;;
    --clean) clean=yes; shift; continue ;;
    --filter | --pairs | --min-time | --limit | --time | --preset)
      (($# > 1)) || fail "$1 needs a value; see --help" ;;&
    --filter) filter=$2; shift 2 ;;
    --pairs) pairs=$2; shift 2 ;;
    --min-time) min_time=$2; shift 2 ;;
    --limit) limit=$2; shift 2 ;;
    --time) time=$2; shift 2 ;;
    --preset) preset=$2; shift 2 ;;
    -*) fail "unknown option $1; see --help" ;;
    *) commits+=("$1"); shift ;;
  esac
done

cd "$root"
if [[ $clean == yes ]]; then
  for tree in "$work"/tree-*; do
    [[ ! -d $tree ]] || git worktree remove --force "$tree"
  done
  rm -rf "$work"
  exit 0
fi
if ((${#commits[@]} < 1 || ${#commits[@]} > 2)); then
  usage >&2
  exit 2
fi
[[ $pairs =~ ^[1-9][0-9]*$ ]] || fail "--pairs takes a number from 1, not '$pairs'"
[[ $min_time =~ ^[0-9]+([.][0-9]+)?$ ]] || fail "--min-time takes seconds, not '$min_time'"
[[ $time == real || $time == cpu ]] || fail "--time takes real or cpu, not '$time'"

sha_of() {
  git rev-parse --verify --quiet "$1^{commit}" || fail "there is no commit '$1'"
}
base=$(sha_of "${commits[0]}")
new=$(sha_of "${commits[1]:-HEAD}")
if [[ ${#commits[@]} == 1 && -n $(git status --porcelain --untracked-files=no) ]]; then
  echo "The tree has changes that are not committed; they are not measured." >&2
fi

# As scripts/build.sh: no more jobs than the memory allows.
memory_mb=$(awk '/^MemAvailable/ {print int($2 / 1024)}' /proc/meminfo)
jobs=$((memory_mb / 700 < $(nproc) ? memory_mb / 700 : $(nproc)))
((jobs >= 1)) || jobs=1

# build SOURCE TARGET: builds the target of a source folder; the log is shown where that fails.
build() {
  local log=$work/build.log
  if ! (cd "$1" && cmake --preset "$preset" -DQBENCH_BUILD_TESTS=ON &&
    cmake --build --preset "$preset" --parallel "$jobs" --target "$2") >"$log" 2>&1; then
    tail -n 20 "$log" >&2
    fail "cannot build $2 in $1 (commits before the benchmarks have none; the tests need scripts/setup.sh --tests)"
  fi
}

# checkout COMMIT: its worktree, made where it is not there yet.
checkout() {
  local tree=$work/tree-${1:0:12}
  if [[ ! -d $tree ]]; then
    git worktree prune
    git worktree add --quiet --detach "$tree" "$1" || fail "cannot check out $1 in $tree"
  fi
  echo "$tree"
}

mkdir -p "$work"
base_tree=$(checkout "$base")
new_tree=$(checkout "$new")
for tree in "$base_tree" "$new_tree"; do
  echo "Building $(git -C "$tree" log -1 --format='%h %s')" >&2
  build "$tree" qbench_benchmarks
done
# The judge is this tree's, whatever the commits have; by its files in a build of its own.
judge=$work/judge
cmake -S "$root" -B "$judge" -G Ninja -DCMAKE_BUILD_TYPE=Release -DQBENCH_BUILD_TESTS=ON >"$work/build.log" 2>&1 &&
  cmake --build "$judge" --parallel "$jobs" --target benchmark_judge >>"$work/build.log" 2>&1 ||
  { tail -n 20 "$work/build.log" >&2; fail "cannot build benchmark_judge"; }

results=$work/results
rm -rf "$results"
mkdir -p "$results"

# run TREE FILE: one process.
run() {
  local arguments=(--benchmark_min_time="$min_time" --benchmark_out="$2" --benchmark_out_format=json)
  [[ -z $filter ]] || arguments+=(--benchmark_filter="$filter")
  if ! "$1/build/$preset/benchmarks/qbench_benchmarks" "${arguments[@]}" >"$work/run.log" 2>&1; then
    tail -n 20 "$work/run.log" >&2
    fail "the benchmarks of $1 failed"
  fi
}
files=()
for ((pair = 1; pair <= pairs; ++pair)); do
  echo "Pair $pair of $pairs" >&2
  base_file=$results/base-$pair.json new_file=$results/new-$pair.json
  if ((pair % 2)); then
    run "$base_tree" "$base_file"
    run "$new_tree" "$new_file"
  else
    run "$new_tree" "$new_file"
    run "$base_tree" "$base_file"
  fi
  files+=("$base_file" "$new_file")
done
echo "base ${base:0:12}, new ${new:0:12}" >&2
exec "$judge/benchmarks/benchmark_judge" "$limit" "$time" "${files[@]}"
