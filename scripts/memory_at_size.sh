#!/usr/bin/env bash
# How much memory qbench takes for a model of many weights: all its processes together, at their peak.
#
#   scripts/memory_at_size.sh [--megabytes N] [--kind dense|conv]... [--from h5|tflite]... [--jobs LIST]
#                             [--reference FOLDER] [BUILD]
#
# Makes a model of N megabytes (10^6 bytes, by default 300) of float weights, once with nearly all of
# them in one fully connected layer (dense) and once in many convolutions (conv), as Keras .h5 and as
# .tflite, and runs `qbench quantize` on it, with an empty cache each time, so that the import counts.
# LIST is of int8-minmax,int8,dynamic,fp16 and run (accuracy and latency of float and int8 on litert); by
# default the first four. BUILD is build/dev.
#
# Every 20 ms the memory of the command and of all that it started is added up, from
# /proc/PID/smaps_rollup:
#   PSS      resident pages, those that several processes share divided among them (proportional set
#            size); clean pages of files are counted, though the system can take them back
#   own      what it cannot take back without swapping: anonymous memory and memory that was written to
# Both are printed at their highest, in megabytes and as a multiple of N, with the seconds that the
# command took and the first digits of the artifact's hash. With --reference another build's artifacts
# (its bin folder's parent) are made too, and a difference is a failure.
#
# The exit status is 1 where a bar is passed (int8 2.5 N, dynamic and fp16 1.5 N, of PSS), or an artifact
# differs.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

megabytes=300 kinds=() origins=() jobs=int8-minmax,int8,dynamic,fp16 reference=
need() { [[ $# -gt 1 ]] || { echo "memory_at_size.sh: $1 takes a value" >&2; exit 2; }; }
while [[ $# -gt 0 && $1 == -* ]]; do
  case $1 in
    -h | --help) sed -n '2,/^set /{/^set /!s/^# \{0,1\}//p}' scripts/memory_at_size.sh; exit 0 ;;
    --megabytes) need "$@"; megabytes=$2; shift 2 ;;
    --kind) need "$@"; kinds+=("$2"); shift 2 ;;
    --from) need "$@"; origins+=("$2"); shift 2 ;;
    --jobs) need "$@"; jobs=$2; shift 2 ;;
    --reference) need "$@"; reference=$(realpath "$2"); shift 2 ;;
    *) echo "memory_at_size.sh: unknown option $1; see --help" >&2; exit 2 ;;
  esac
done
[[ ${#kinds[@]} -gt 0 ]] || kinds=(dense conv)
[[ ${#origins[@]} -gt 0 ]] || origins=(h5 tflite)
build=$(realpath "${1:-build/dev}")
maker=$build/benchmarks/make_large_model
for program in "$build/bin/qbench" "$maker" ${reference:+"$reference/bin/qbench"}; do
  [[ -x $program ]] || { echo "memory_at_size.sh: no $program; build it first (scripts/build.sh dev)" >&2; exit 2; }
done
command -v python3 >/dev/null || { echo "memory_at_size.sh: python3 is needed to sample" >&2; exit 2; }

work=$(mktemp -d "${TMPDIR:-/var/tmp}/memory-at-size.XXXXXX")
trap 'rm -rf "$work"' EXIT
export TMPDIR=$work/tmp
mkdir -p "$TMPDIR"

# Runs a command; writes "PSS own seconds status", in bytes, to the file named first.
cat >"$work/sample.py" <<'PYTHON'
import os, subprocess, sys, time

def children():
    tree = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                with open(f"/proc/{name}/stat") as stat:
                    parent = int(stat.read().rpartition(")")[2].split()[1])
            except OSError:
                continue
            tree.setdefault(parent, []).append(int(name))
    return tree

def measure(root):
    tree, pending, pss, own = children(), [root], 0, 0
    while pending:
        pid = pending.pop()
        pending += tree.get(pid, [])
        try:
            with open(f"/proc/{pid}/smaps_rollup") as rollup:
                fields = dict(line.split(":", 1) for line in rollup if ":" in line)
        except OSError:
            continue
        kilobytes = lambda field: int(fields.get(field, "0 kB").split()[0])
        pss += kilobytes("Pss")
        own += max(kilobytes("Pss_Anon") + kilobytes("Pss_Shmem"), kilobytes("Private_Dirty"))
    return pss * 1024, own * 1024

start = time.monotonic()
process = subprocess.Popen(sys.argv[2:])
peak_pss = peak_own = 0
while process.poll() is None:
    began = time.monotonic()
    pss, own = measure(process.pid)
    peak_pss, peak_own = max(peak_pss, pss), max(peak_own, own)
    time.sleep(max(0.001, 0.020 - (time.monotonic() - began)))
with open(sys.argv[1], "w") as result:
    print(peak_pss, peak_own, f"{time.monotonic() - start:.1f}", process.returncode, file=result)
PYTHON

faults=0
fault() { echo "FAULT: $*"; faults=$((faults + 1)); }
spec() { case $1 in int8-minmax) echo int8:calibration=minmax ;; *) echo "$1" ;; esac; }
bar() { case $1 in int8*) echo 2.5 ;; dynamic | fp16) echo 1.5 ;; *) echo - ;; esac; }
# command BUILD JOB MODEL OUT: the command line, in `line`
command_of() {
  rm -rf "$work/cache" "$work/run.db"*
  if [[ $2 == run ]]; then
    line=("$1/bin/qbench" run "$3" --dataset datasets/scenes --plugins float,int8:calibration=minmax,litert
          --repetitions 1 --min-time 0.2 --db "$work/run.db" --cache "$work/cache")
  else
    line=("$1/bin/qbench" quantize "$3" --plugins "$(spec "$2")" -o "$4" -q --cache "$work/cache")
    [[ $2 != int8* ]] || line+=(--dataset datasets/scenes)
  fi
}

printf '%-6s %-7s %-12s %9s %6s %9s %6s %8s  %s\n' kind from job 'PSS MB' x 'own MB' x seconds artifact
for kind in "${kinds[@]}"; do
  "$maker" "$work/large.h5" "$kind" "$megabytes" || exit 2
  "$build/bin/qbench" quantize "$work/large.h5" --plugins float -o "$work/large.tflite" -q --cache "$work/cache" >/dev/null || exit 2
  for origin in "${origins[@]}"; do
    for job in ${jobs//,/ }; do
      command_of "$build" "$job" "$work/large.$origin" "$work/out.tflite"
      python3 "$work/sample.py" "$work/figures" "${line[@]}" >"$work/log" 2>&1
      read -r pss own seconds status <"$work/figures"
      [[ $status == 0 ]] || { fault "$kind $origin $job: exit status $status"; tail -3 "$work/log"; continue; }
      hash=-
      [[ $job == run ]] || hash=$(sha256sum "$work/out.tflite" | cut -c1-12)
      awk -v pss="$pss" -v own="$own" -v n="$megabytes" -v kind="$kind" -v origin="$origin" -v job="$job" -v s="$seconds" -v hash="$hash" \
        'BEGIN { printf "%-6s %-7s %-12s %9.0f %6.2f %9.0f %6.2f %8.1f  %s\n", kind, origin, job, pss / 1e6, pss / 1e6 / n, own / 1e6, own / 1e6 / n, s, hash }'
      limit=$(bar "$job")
      if [[ $limit != - ]] && awk -v pss="$pss" -v n="$megabytes" -v limit="$limit" 'BEGIN { exit !(pss > limit * n * 1e6) }'; then
        fault "$kind $origin $job: more than $limit times the weights"
      fi
      if [[ -n $reference && $job != run ]]; then
        command_of "$reference" "$job" "$work/large.$origin" "$work/reference.tflite"
        start=$(date +%s.%N)
        "${line[@]}" >/dev/null 2>&1
        awk -v a="$start" -v b="$(date +%s.%N)" 'BEGIN { printf "%66s %8.1f  (reference)\n", "", b - a }'
        cmp -s "$work/out.tflite" "$work/reference.tflite" || fault "$kind $origin $job: another artifact than the reference's"
      fi
    done
  done
done
echo "memory_at_size: $faults faults"
[[ $faults == 0 ]]
