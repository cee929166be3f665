#!/usr/bin/env bash
# Does to qbench what a night may do to it: kills any process of a run, interrupts it as soon as it
# starts, fills the disks of run, quantize and report (cache, database, TMPDIR, what is written in
# the end). Then resumes it, and holds what came out against what came of being left alone.
#
#   scripts/under_fire.sh [--kills N] [--signals N] [--disks] [--seed N] [BUILD]
#
# By default 20 kills, 100 early signals and the full disks; BUILD is build/dev. Each kill is of the
# run itself or of one of its workers, at a random moment, by SIGKILL; each signal is SIGINT or SIGTERM
# in the first 300 ms. Full disks need the right to mount a tmpfs (root). The counts are in the last
# lines; the exit status is 1 where anything was lost, changed or left behind.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

kills=20 signals=100 disks=yes seed=1 chosen=no
while [[ $# -gt 0 && $1 == --* ]]; do
  [[ $1 == --seed || $chosen == yes ]] || { kills=0; signals=0; disks=no; chosen=yes; }
  case $1 in
    --kills) kills=$2; shift 2 ;;
    --signals) signals=$2; shift 2 ;;
    --disks) disks=yes; shift ;;
    --seed) seed=$2; shift 2 ;;
    *) echo "under_fire.sh: unknown option $1; see the head of scripts/under_fire.sh" >&2; exit 2 ;;
  esac
done
build=$(realpath "${1:-build/dev}")
qbench=$build/bin/qbench
[[ -x $qbench ]] || { echo "under_fire.sh: no $qbench; build it with scripts/build.sh dev" >&2; exit 2; }

RANDOM=$seed
work=$(mktemp -d /tmp/under-fire.XXXXXX)
trap 'umount "$work"/small 2>/dev/null; rm -rf "$work"' EXIT
export TMPDIR=$work/tmp
mkdir -p "$TMPDIR" "$work/data"
for split in test calibration; do
  for class in datasets/scenes/$split/*/; do
    to=$work/data/$split/$(basename "$class")
    mkdir -p "$to"
    find "$class" -type f | sort | head -5 | xargs cp -t "$to"
  done
done

faults=0
fault() { echo "FAULT: $*"; faults=$((faults + 1)); }
# run DB CACHE [more options]
run() {
  local db=$1 cache=$2
  shift 2
  "$qbench" run mobilenetv2-035-96 --dataset "$work/data" --plugins float,int8,litert --repetitions 2 --min-time 0.2 \
    --db "$db" --cache "$cache" "$@" >"$work/out" 2>&1
}
# What does not depend on time: each image's prediction, and the artifacts' hashes.
fingerprint() {
  "$qbench" report --db "$1" --format csv --predictions -o "$work/p.csv" >/dev/null 2>&1
  "$qbench" report --db "$1" --format csv -o "$work/c.csv" >/dev/null 2>&1
  { cut -d, -f2- "$work/p.csv"; head -1 "$work/c.csv" | tr , '\n' | grep -n '^artifact_sha256$' | cut -d: -f1 |
    while read -r column; do cut -d, -f"$column" "$work/c.csv"; done; } | sha256sum | cut -d' ' -f1
}
leftovers() {
  pgrep -f "$work" | grep -vx $$ | while read -r pid; do
    [[ $(readlink "/proc/$pid/exe") == "$build"/bin/* ]] && echo "$pid"
  done
}

if ! run "$work/calm.sqlite" "$work/cache-calm"; then cat "$work/out"; exit 1; fi
wanted=$(fingerprint "$work/calm.sqlite")

hits=0 resumes=0
for ((i = 0; i < kills; ++i)); do
  db=$work/kill$i.sqlite cache=$work/cache$i
  run "$db" "$cache" &
  job=$!
  sleep "$(printf '%d.%03d' $((RANDOM % 4)) $((RANDOM % 1000)))"
  # The run itself is the first of these, its workers and decoders follow.
  mapfile -t targets < <(pgrep -f "$build/bin/qbench.*$work" | sort -n)
  if ((${#targets[@]} > 0)); then
    kill -KILL "${targets[RANDOM % ${#targets[@]}]}" 2>/dev/null && hits=$((hits + 1))
  fi
  wait $job 2>/dev/null
  for ((tries = 0; tries < 5; ++tries)); do
    # Where nothing had begun there is nothing to resume.
    run "$db" "$cache" --resume && break
    grep -q "nothing to resume\|there is no database" "$work/out" && run "$db" "$cache" && break
  done
  resumes=$((resumes + tries + 1))
  [[ $(fingerprint "$db") == "$wanted" ]] || fault "kill $i: the resumed run differs: $(tail -1 "$work/out")"
  rm -rf "$db"* "$cache"
done
left=$(leftovers | wc -l)
((left == 0)) || fault "$left processes are left after the kills"

((kills == 0)) || echo "kills: $kills, of which $hits hit a process; $resumes resumes; $faults faults so far"

answered=0
for ((i = 0; i < signals; ++i)); do
  run "$work/signal.sqlite" "$work/cache-calm" &
  job=$!
  sleep "$(printf '0.%03d' $((RANDOM % 300)))"
  pid=$(pgrep -f "$qbench run .*signal.sqlite" | head -1)
  if ((RANDOM % 2)); then signal=INT; else signal=TERM; fi
  [[ -z $pid ]] || kill -$signal "$pid" 2>/dev/null
  begin=$(date +%s%N)
  wait $job
  status=$?
  took=$((($(date +%s%N) - begin) / 1000000))
  if ((status == 130 || status == 128 + 2 || status == 128 + 15)); then
    answered=$((answered + 1))
    ((took < 3000)) || fault "signal $i: it took $took ms to end"
  elif ((status != 0)); then
    fault "signal $i: exit status $status: $(tail -1 "$work/out")"
  fi
  rm -f "$work"/signal.sqlite*
done
((signals == 0)) || run "$work/again.sqlite" "$work/cache-calm" || fault "no run after the signals"
left=$(find "$TMPDIR" -mindepth 1 -maxdepth 1 | wc -l)
((left == 0)) || fault "$left temporary folders are left: $(ls "$TMPDIR" | head -3 | tr '\n' ' ')"

((signals == 0)) || echo "signals: $signals, of which $answered were answered; $faults faults so far"

# --- Full disks: each place that is written, against each command that writes ---------------------

# small SIZE: an empty disk of that size at $work/small.
small() { mount -t tmpfs -o "size=$1" none "$work/small"; }
make_room() { mount -o remount,size=64m "$work/small"; }
says_why() { grep -qi "space\|room\|full" "$work/out"; }

full=0 filled=0
# full_disk NAME COMMAND...: the command ends with 0, or with 2 and the reason, then with 0 once there is room.
full_disk() {
  local name=$1 status
  shift
  "$@"
  status=$?
  full=$((full + 1))
  ((status != 2)) || filled=$((filled + 1))
  if ((status != 0 && status != 2)); then
    fault "$name: exit status $status: $(tail -1 "$work/out")"
  elif ((status == 2)); then
    says_why || fault "$name: it does not say why: $(tail -1 "$work/out")"
    make_room
    "$@" again || fault "$name: it fails once there is room: $(tail -1 "$work/out")"
  fi
}

# What stands in $db, $cache, $temporary and $html is on the small disk where the caller put it there.
run_full() {
  if [[ ${1:-} != again ]]; then
    TMPDIR=$temporary run "$db" "$cache" --report "$html"
  else
    TMPDIR=$temporary run "$db" "$cache" --report "$html" --resume ||
      { rm -f "$db"*; TMPDIR=$temporary run "$db" "$cache" --report "$html"; }
  fi
}
quantize_full() {
  TMPDIR=$temporary "$qbench" quantize mobilenetv2-035-96 --plugins int8 --dataset "$work/data" \
    --cache "$cache" -o "$artifact" >"$work/out" 2>&1
}
report_full() {
  TMPDIR=$temporary "$qbench" report --db "$db" --format "$format" -o "$html" >"$work/out" 2>&1
}
# Where everything is, if nothing else is said.
places() {
  db=$work/full.sqlite cache=$work/cache-full temporary=$TMPDIR html=$work/full.html artifact=$work/full.tflite
  rm -rf "$db"* "$cache" "$html" "$artifact"*
}
run_matrix() {
  local what size
  for what in db cache temporary report; do
    for size in 4k 24k 128k 512k 1m 2m; do
      places
      small "$size"
      case $what in
        db) db=$work/small/full.sqlite ;;
        cache) cache=$work/small/cache ;;
        temporary) temporary=$work/small ;;
        report) html=$work/small/full.html ;;
      esac
      full_disk "run, $what with $size" run_full
      [[ $(fingerprint "$db") == "$wanted" ]] || fault "run, $what with $size: the run differs"
      [[ -s $html ]] || fault "run, $what with $size: there is no report"
      umount "$work/small"
    done
  done
}
quantize_matrix() {
  local what size
  places
  quantize_full || { fault "quantize: $(tail -1 "$work/out")"; return; }
  cp "$artifact" "$work/calm.tflite"
  for what in cache temporary artifact; do
    for size in 4k 24k 128k 512k 1m 2m; do
      places
      small "$size"
      case $what in
        cache) cache=$work/small/cache ;;
        temporary) temporary=$work/small ;;
        artifact) artifact=$work/small/full.tflite ;;
      esac
      full_disk "quantize, $what with $size" quantize_full
      cmp -s "$artifact" "$work/calm.tflite" || fault "quantize, $what with $size: the artifact differs"
      umount "$work/small"
    done
  done
}
report_matrix() {
  local what size
  for format in html csv json md; do
    "$qbench" report --db "$work/calm.sqlite" --format $format -o "$work/calm.$format" >/dev/null
    for what in db temporary report; do
      for size in 4k 16k 24k 40k; do
        places
        cp "$work/calm.sqlite" "$db"
        small "$size"
        case $what in
          db)
            # The database, and so much free space beside it.
            make_room
            db=$work/small/full.sqlite
            cp "$work/calm.sqlite" "$db"
            mount -o "remount,size=$(($(du -k "$db" | cut -f1) + ${size%k}))k" "$work/small"
            ;;
          temporary) temporary=$work/small ;;
          report) html=$work/small/full.html ;;
        esac
        full_disk "report as $format, $what with $size" report_full
        cmp -s "$html" "$work/calm.$format" || fault "report as $format, $what with $size: it differs"
        umount "$work/small"
      done
    done
  done
}
if [[ $disks == yes ]] && mkdir -p "$work/small" && small 64k 2>/dev/null; then
  umount "$work/small"
  run_matrix
  quantize_matrix
  report_matrix
  echo "full disks: $full, of which $filled were too small; $faults faults so far"
elif [[ $disks == yes ]]; then
  echo "SKIPPED: full disks: no tmpfs may be mounted here"
fi

echo "$kills kills ($hits hit, $resumes resumes), $signals signals ($answered answered), $full full disks ($filled too small)"
echo "under_fire: $faults faults"
((faults == 0))
