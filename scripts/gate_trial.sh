#!/usr/bin/env bash
# Holds the gate against real nights on this machine: nights of one build, which must never be red, and
# nights of builds with a planted fault, each of which must be named: a runtime that is 5 % slower, a
# quantizer that clips, an artifact that is a byte larger, and another version of the engine's library.
#
#   scripts/gate_trial.sh [--nights N] [--faults N] [--engine LIBRARY] [--pairs N] [--keep FOLDER] [BUILD]
#
# By default 50 nights of one build and each fault once; BUILD is build/dev (with its tests: the
# planted plugins are among them). LIBRARY is another libLiteRt.so; without one that fault is left out
# and said. A night is two cells of a small network and takes about a minute. On a machine that does
# other things many nights are invalid: they are counted apart, and a planted slowdown is tried again
# until a night is valid (5 times). Nights of one build are also compared with each other as runs that
# are minutes apart. The counts are the last lines; the exit status is 1 where a night of one build was
# red, or a fault was not found.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

nights=50 faults=1 engine='' pairs=25 keep=''
while [[ $# -gt 0 && $1 == --* ]]; do
  case $1 in
    --nights) nights=$2; shift 2 ;;
    --faults) faults=$2; shift 2 ;;
    --engine) engine=$(realpath "$2"); shift 2 ;;
    --pairs) pairs=$2; shift 2 ;;
    --keep) keep=$2; shift 2 ;;
    *) echo "gate_trial.sh: unknown option $1; see the head of scripts/gate_trial.sh" >&2; exit 2 ;;
  esac
done
build=$(realpath "${1:-build/dev}")
qbench=$build/bin/qbench
[[ -x $qbench ]] || { echo "gate_trial.sh: no $qbench; build it with scripts/build.sh dev" >&2; exit 2; }
planted=$build/lib/qbench
[[ -d $planted/planted_slower ]] || { echo "gate_trial.sh: $build has no planted plugins; build the target planted_plugins" >&2; exit 2; }

work=${keep:-$(mktemp -d /tmp/gate-trial.XXXXXX)}
mkdir -p "$work"
[[ -n $keep ]] || trap 'rm -rf "$work"' EXIT

# run NAME [more options]: one run of the two cells, or of those that --plugins names then.
run() {
  local name=$1
  shift
  "$qbench" run mobilenetv2-035-96 --dataset scenes --db "$work/nights.sqlite" --cache "$work/cache" --data "$work/data" \
    --report "$work/$name.html" --min-time 0.5 --warmup-time 0.1 -q "$@" >"$work/$name.txt" 2>&1
}
gate() { run "$@" --baseline good --gate --repetitions "$pairs"; }
verdict() { tail -1 "$work/$1.txt"; }

run base --plugins int8,fp16,litert --repetitions 3 || { cat "$work/base.txt"; exit 2; }
"$qbench" baseline pin good --run latest --db "$work/nights.sqlite" --data "$work/data" || exit 2

good=0 invalid=0 red=0
for ((night = 1; night <= nights; ++night)); do
  status=0
  gate "night$night" --plugins int8,fp16,litert || status=$?
  case $status in
    0) good=$((good + 1)) ;;
    4) invalid=$((invalid + 1)) ;;
    *) red=$((red + 1)); echo "night $night ended with $status:"; cat "$work/night$night.txt" ;;
  esac
  echo "night $night: $(verdict "night$night")"
done

# Two nights of one build, compared as runs: of each cell what `compare` says of its latency.
pairs_compared=0 different=0
compare() {
  local column
  "$qbench" compare "$1" "$2" --db "$work/nights.sqlite" --format csv >"$work/compare.csv" 2>/dev/null
  column=$(head -1 "$work/compare.csv" | tr , '\n' | grep -n '^latency_judgement$' | cut -d: -f1)
  while read -r judgement; do
    [[ -n $judgement && $judgement != invalid ]] || continue
    pairs_compared=$((pairs_compared + 1))
    [[ $judgement != worse && $judgement != better ]] || different=$((different + 1))
  done < <(tail -n +2 "$work/compare.csv" | cut -d, -f"$column")
}
for ((night = 2; night <= nights; ++night)); do
  compare "$night" $((night + 1))
  ((night < 3)) || compare $((night - 1)) $((night + 1))
done

missed=0 found=0
# fault NAME TEXT [options]: a night that must be red, with TEXT in its verdict.
fault() {
  local name=$1 text=$2 try status
  shift 2
  for ((try = 1; try <= 5; ++try)); do
    status=0
    gate "$name" "$@" || status=$?
    ((status == 4)) || break
    echo "$name: $(verdict "$name")"
  done
  if ((status == 1)) && grep -q "regression: .*$text" "$work/$name.txt"; then
    found=$((found + 1))
    echo "$name: found: $(grep -m1 "regression: .*$text" "$work/$name.txt")"
  else
    missed=$((missed + 1))
    echo "$name: NOT found, exit status $status:"
    cat "$work/$name.txt"
  fi
}
for ((i = 1; i <= faults; ++i)); do
  QBENCH_PLUGIN_PATH=$planted/planted_slower fault "slower$i" "slower by" --plugins int8,fp16,litert
  QBENCH_PLUGIN_PATH=$planted/planted_clipping fault "clipping$i" "less accurate by" --plugins int8,litert
  QBENCH_PLUGIN_PATH=$planted/planted_larger fault "larger$i" "1 byte larger" --plugins fp16,litert
done

if [[ -n $engine ]]; then
  status=0
  gate engine --plugins int8,fp16,litert --litert-library "$engine" || status=$?
  echo "engine: $(verdict engine)"
  if grep -q 'litert, .*→' "$work/engine.txt"; then
    found=$((found + 1))
    sed -n '/^What differs/,/^$/p' "$work/engine.txt"
  else
    missed=$((missed + 1))
    echo "engine: NOT named, exit status $status:"
    cat "$work/engine.txt"
  fi
else
  echo "engine: left out (no --engine LIBRARY)"
fi

echo
echo "one build: $nights nights: $good good, $invalid invalid, $red red"
echo "compare of two such nights: $different of $pairs_compared pairs of cells called different"
echo "planted faults: $found found, $missed missed"
((red == 0 && missed == 0))
