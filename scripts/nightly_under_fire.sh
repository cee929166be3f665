#!/usr/bin/env bash
# Kills nights at random moments and looks at what the next night makes of it.
#
#   scripts/nightly_under_fire.sh [--kills N] [--seed N] [BUILD]
#
# By default 50 kills; BUILD is build/dev. One kill in three is a power cut (all of the night's processes at
# once), one is of nightly.sh alone, one of any of its other processes; one of these in four is a stop
# (SIGTERM) in place of SIGKILL. Then the same day's night is started again: it must end with an answer, have
# its folder whole and its line on the page, the database must be sound and hold every measurement that it
# held before. The counts are in the last lines; the exit status is 1 where anything was not so.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 2

kills=50 seed=1
while [[ $# -gt 0 && $1 == --* ]]; do
  case $1 in
    --kills) kills=$2; shift 2 ;;
    --seed) seed=$2; shift 2 ;;
    *) echo "nightly_under_fire.sh: unknown option $1; see the head of this script" >&2; exit 2 ;;
  esac
done
build=$(realpath "${1:-build/dev}")
qbench=$build/bin/qbench nightly=$build/libexec/qbench/nightly.sh
[[ -x $qbench && -r $nightly ]] ||
  { echo "nightly_under_fire.sh: no $qbench; build it with scripts/build.sh dev" >&2; exit 2; }

RANDOM=$seed
work=$(mktemp -d /tmp/nightly-fire.XXXXXX)
trap 'rm -rf "$work"' EXIT
export TMPDIR=$work/tmp XDG_CACHE_HOME=$work/cache XDG_DATA_HOME=$work/share
nights=$work/nights database=$work/nights/nights.sqlite
mkdir -p "$TMPDIR" "$nights"
for split in test calibration; do
  for class in "datasets/scenes/$split"/*/; do
    to=$work/data/$split/$(basename "$class")
    mkdir -p "$to"
    find "$class" -type f | sort | head -2 | xargs cp -t "$to"
  done
done
matrix="mobilenetv2-035-96 --dataset $work/data --plugins fp16,reference --min-time 0.02 --warmup-time 0.01 --min-samples 4"
cat >"$work/nightly.conf" <<EOT
FOLDER=$nights
BASELINE=b
QBENCH=$qbench
RUN=$matrix --repetitions 8
ON_REGRESSION=echo told >>$work/told
EOT

faults=0
fault() { echo "FAULT: $*"; faults=$((faults + 1)); }
# night DAY: in a session of its own, so that all of it can be killed. Takes the place of the shell that
# calls it.
night() { QBENCH_NIGHTLY_DATE=$1 exec setsid -w bash "$nightly" --config "$work/nightly.conf" >"$work/out" 2>&1; }
# measured RUN: the samples of every measurement of the run, a line each.
measured() {
  "$qbench" report --db "$database" --run "$1" --format json -o "$work/run.json" >/dev/null 2>&1 || return 1
  grep -o '"samples_ns":\[[^]]*\]' "$work/run.json" | sort
}
# The processes of a session, the script first.
session() { ps -o pid= -s "$1" 2>/dev/null | sort -n; }
newest_run() { "$qbench" runs list --json --db "$database" 2>/dev/null | grep -o '"run":[0-9]*' | head -1 | cut -d: -f2; }

pin() {
  # shellcheck disable=SC2086  # the matrix is words
  "$qbench" run $matrix --repetitions 1 --db "$database" --report "$work/first.html" &&
    "$qbench" baseline pin b --db "$database"
}
pin >"$work/out" 2>&1 || { cat "$work/out"; exit 1; }
begin=$(date +%s%N)
(night 2025-01-01)
took=$((($(date +%s%N) - begin) / 1000000))
[[ -s $nights/2025-01-01/status ]] || { cat "$work/out"; exit 1; }

power=0 scripts=0 others=0 stops=0 early=0 resumed=0 held=0
for ((i = 0; i < kills; ++i)); do
  day=$(date -u -d "2025-01-02 + $i days" +%F)
  night "$day" &
  job=$!
  wait_ms=$((RANDOM * took / 32768))
  sleep "$(printf '%d.%03d' $((wait_ms / 1000)) $((wait_ms % 1000)))"
  leader=$(pgrep -f "^bash $nightly --config $work/nightly.conf" | head -1)
  mapfile -t targets < <([[ -n $leader ]] && session "$leader")
  signal=KILL
  ((RANDOM % 4)) || signal=TERM
  [[ $signal == KILL ]] || stops=$((stops + 1))
  if ((${#targets[@]} == 0)); then
    early=$((early + 1))
  elif ((RANDOM % 3 == 0)); then
    power=$((power + 1))
    kill -$signal "${targets[@]}" 2>/dev/null
  elif ((RANDOM % 2)); then
    scripts=$((scripts + 1))
    kill -$signal "$leader" 2>/dev/null
  else
    others=$((others + 1))
    kill -$signal "${targets[RANDOM % ${#targets[@]}]}" 2>/dev/null
  fi
  wait $job 2>/dev/null
  # A qbench whose script is gone goes on, and holds the lock until it is done.
  flock -w 120 "$nights/.lock" true || fault "kill $i: the lock is held for two minutes"
  run=$(newest_run)
  measured "$run" >"$work/before" || fault "kill $i: run $run cannot be read"

  (night "$day")
  status=$?
  newest=$(find "$nights" -maxdepth 1 -name "$day*" | sort -V | tail -1)
  ((status == 0 || status == 1 || status == 4)) || fault "kill $i: the next night ends with $status: $(tail -1 "$work/out")"
  for file in log.txt report.html verdict.json status; do
    [[ -s $newest/$file ]] || fault "kill $i: the next night has no $file"
  done
  grep -q "going on" "$newest/log.txt" && ! grep -q "measuring anew" "$newest/log.txt" && resumed=$((resumed + 1))
  grep -q "${newest##*/}/report.html" "$nights/index.html" || fault "kill $i: the page has no link to ${newest##*/}"
  "$qbench" db check "$database" >"$work/out" 2>&1 || fault "kill $i: $(tail -1 "$work/out")"
  measured "$run" >"$work/after" || fault "kill $i: run $run cannot be read after the next night"
  [[ -z $(comm -23 "$work/before" "$work/after") ]] || fault "kill $i: measurements of run $run are lost"
  held=$((held + $(wc -l <"$work/before")))
done
((held > 0 || kills < 3)) || fault "no measurement was there to be lost"
left=$(find "$TMPDIR" -mindepth 1 -maxdepth 1 | wc -l)
((left <= 1)) || fault "$left temporary folders are left"

echo "$kills kills: $power power cuts, $scripts of the script, $others of another process, $early after its end;" \
  "$stops by SIGTERM; $resumed nights went on with what there was; $held measurements were to be found again"
echo "nightly_under_fire: $faults faults (seed $seed)"
((faults == 0))
