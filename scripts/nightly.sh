#!/usr/bin/env bash
# One night: measures a build beside the pinned baseline, keeps what came of it in a folder of that
# day, makes the page of all nights anew, and calls a command where the answer is not good, or is
# good again. For a timer (qbench-nightly.timer, cron). docs/nightly.md has the whole story.
#
#   nightly.sh [--config FILE] [--check]
#
# FILE (default: $XDG_CONFIG_HOME/qbench/nightly.conf, else /etc/qbench/nightly.conf) has lines KEY=VALUE,
# which are read and not run; nightly.conf.example has them all. --check says whether all is there that a
# night needs, and measures nothing. Exit status: that of qbench run --gate (0 good, 1 regression,
# 4 invalid night, 2 error, 130 interrupted); 2 also where another night is running.
#
# For tests: QBENCH_NIGHTLY_DATE is taken for today's date.
set -euo pipefail

fail() {
  echo "nightly.sh: $*" >&2
  exit 2
}

# --- Configuration --------------------------------------------------------------------------------

# Every key there is, with its default.
declare -A config=(
  [FOLDER]='' [DATABASE]='' [BASELINE]='' [RUN]='' [QBENCH]='' [EVERY]='24h'
  [KEEP_FOLDERS]='90' [KEEP_RUNS]='180' [BEFORE]='' [VERSION]=''
  [ON_REGRESSION]='' [ON_INVALID]='' [ON_ERROR]='' [ON_RECOVERY]='' [HOOK_TIMEOUT]='60'
)

read_config() {
  local file=$1 line key value number=0
  [[ -r $file ]] || fail "there is no configuration $file; copy nightly.conf.example and fill it in"
  while IFS= read -r line || [[ -n $line ]]; do
    number=$((number + 1))
    line=${line%$'\r'}
    [[ $line =~ ^[[:space:]]*(#|$) ]] && continue
    [[ $line =~ ^[[:space:]]*([A-Z_]+)[[:space:]]*=[[:space:]]*(.*[^[:space:]])?[[:space:]]*$ ]] ||
      fail "$file, line $number: write KEY=VALUE"
    key=${BASH_REMATCH[1]} value=${BASH_REMATCH[2]:-}
    [[ -v config[$key] ]] || fail "$file, line $number: there is no key $key (${!config[*]})"
    config[$key]=$value
  done <"$file"
}

# Checks what was read, and sets what is left to defaults.
complete_config() {
  local key here
  for key in FOLDER BASELINE RUN; do
    [[ -n ${config[$key]} ]] || fail "$config_file: $key is missing"
  done
  for key in KEEP_FOLDERS KEEP_RUNS HOOK_TIMEOUT; do
    [[ ${config[$key]} =~ ^[1-9][0-9]{0,5}$ ]] || fail "$config_file: $key is a number from 1, not '${config[$key]}'"
  done
  [[ ${config[FOLDER]} == /* ]] || fail "$config_file: FOLDER begins with /, not '${config[FOLDER]}'"
  [[ -n ${config[DATABASE]} ]] || config[DATABASE]=${config[FOLDER]}/nights.sqlite
  if [[ -z ${config[QBENCH]} ]]; then
    # Installed, this is libexec/qbench/nightly.sh beside bin/qbench.
    here=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")" && pwd)
    config[QBENCH]=$here/../../bin/qbench
    [[ -x ${config[QBENCH]} ]] || config[QBENCH]=$(command -v qbench || true)
  fi
  [[ -x ${config[QBENCH]} ]] || fail "$config_file: there is no qbench '${config[QBENCH]}'; name it as QBENCH"
  # Words as a shell would split them: blanks between them, quotes around those with blanks; nothing
  # is expanded.
  local words word
  words=$(xargs printf '%s\n' <<<"${config[RUN]}") || fail "$config_file: RUN has a quote without its end"
  mapfile -t run_words <<<"$words"
  for word in "${run_words[@]}"; do
    case $word in
      --baseline* | --gate | --db* | --report* | --resume | --json)
        fail "$config_file: RUN has $word, which is nightly.sh's own" ;;
    esac
  done
}

qbench() { "${config[QBENCH]}" "$@" 9>&-; }

# --- What is kept ---------------------------------------------------------------------------------

say() { printf '%s %s\n' "$(date '+%F %T')" "$*" | tee -a "$folder/log.txt"; }

# put FILE TEXT: whole or not at all.
put() {
  printf '%s\n' "$2" >"$1.new"
  mv -f "$1.new" "$1"
}

# The folders of nights, the oldest first; "2025-11-20", or "2025-11-20-2" of a second one that day.
night_folders() {
  find "${config[FOLDER]}" -mindepth 1 -maxdepth 1 -type d -regextype posix-extended \
    -regex '.*/[0-9]{4}-[0-9]{2}-[0-9]{2}(-[0-9]+)?' | sort -V
}

# Today's folder. One that a killed night left is taken again; else a second night gets another. Sets
# `unfinished`: whether a night of today ended without a verdict, so that there may be a run to go on with.
choose_folder() {
  local today number=1
  unfinished=no
  today=${QBENCH_NIGHTLY_DATE:-$(date +%F)}
  [[ $today =~ ^[0-9]{4}-[0-9]{2}-[0-9]{2}$ ]] || fail "QBENCH_NIGHTLY_DATE is no day: $today"
  folder=${config[FOLDER]}/$today
  while [[ -e $folder/status ]]; do
    case $(<"$folder/status") in
      good* | regression* | invalid*) unfinished=no ;;
      *) unfinished=yes ;;
    esac
    number=$((number + 1))
    folder=${config[FOLDER]}/$today-$number
  done
  [[ ! -d $folder ]] || unfinished=yes
  mkdir -p "$folder"
  rm -f "$folder/error.txt"
}

# Nights of other days that were killed left no status.
close_killed_nights() {
  local night
  while IFS= read -r night; do
    [[ -e $night/status || $night == "$folder" ]] || put "$night/status" "killed"
  done < <(night_folders)
}

# Folders beyond the newest KEEP_FOLDERS, and runs beyond the newest KEEP_RUNS (nights.csv has the newest
# night first). Pinned baselines are no part of either.
clean_up() {
  local night
  local -a nights runs
  mapfile -t nights < <(night_folders)
  for night in "${nights[@]:0:$((${#nights[@]} > config[KEEP_FOLDERS] ? ${#nights[@]} - config[KEEP_FOLDERS] : 0))}"; do
    rm -rf -- "$night"
    say "removed $night"
  done
  [[ $page == yes ]] || return 0
  mapfile -t runs < <(tail -n "+$((config[KEEP_RUNS] + 2))" "${config[FOLDER]}/nights.csv" |
    cut -d, -f1 | grep -E '^[0-9]+$' || true)
  ((${#runs[@]} > 0)) || return 0
  qbench runs delete "${runs[@]}" --yes --db "${config[DATABASE]}" >>"$folder/log.txt" 2>&1 ||
    say "runs could not be deleted; see above"
}

# --- The night ------------------------------------------------------------------------------------

# measure [--resume]: sets `status` to qbench's, and `messages` to what it said on standard error, which
# goes into the log as it comes. qbench keeps the lock: where this script is killed and qbench is not, no
# other night begins beside it.
measure() {
  local before
  before=$(stat -c %s "$folder/log.txt")
  status=130
  [[ $stopped == no ]] || return 0
  status=0
  "${config[QBENCH]}" run "${run_words[@]}" --db "${config[DATABASE]}" --baseline "${config[BASELINE]}" --gate \
    --report "$folder/report.html" "$@" >"$folder/summary.txt" 2>>"$folder/log.txt" &
  child=$!
  wait "$child" || status=$?
  # A signal to this script ends `wait`; qbench got it, too, and is waited for.
  while kill -0 "$child" 2>/dev/null; do
    status=0
    wait "$child" || status=$?
  done
  child=''
  messages=$(tail -c "+$((before + 1))" "$folder/log.txt" | tr -d '\0')
  cat "$folder/summary.txt" >>"$folder/log.txt"
}

# Nothing of a killed night is measured twice, where the build is still the same.
measure_night() {
  if [[ $unfinished == yes ]]; then
    say "a night of today has no verdict; going on with what it measured"
    measure --resume
    if ((status == 2)) && [[ $messages == *'nothing to resume'* || $messages == *'there is no database'* ]]; then
      say "there is nothing to go on with; measuring anew"
      measure
    fi
  else
    measure
  fi
  # qbench itself was killed (by the kernel, for memory): once more from where it was.
  if ((status > 128 && status != 130)) && [[ $stopped == no ]]; then
    say "qbench ended by signal $((status - 128)); going on once"
    measure --resume
  fi
}

# hook KEY: runs the command of that key; whatever becomes of it, the night goes on.
hook() {
  local command=${config[$1]} code=0
  [[ -n $command ]] || return 0
  say "$1: $command"
  timeout -k 5 "${config[HOOK_TIMEOUT]}" bash -c "$command" </dev/null >>"$folder/log.txt" 2>&1 9>&- || code=$?
  case $code in
    0) say "$1 is done" ;;
    124 | 137) say "$1 took longer than ${config[HOOK_TIMEOUT]} s and was stopped" ;;
    *) say "$1 failed with $code" ;;
  esac
  return 0
}

# The verdict for machines; sets `run`.
write_verdict() {
  run=''
  if qbench nights --db "${config[DATABASE]}" --baseline "${config[BASELINE]}" --every "${config[EVERY]}" --last 1 \
    --format json --output "$folder/verdict.json" >>"$folder/log.txt" 2>&1; then
    run=$(grep -o '"run_id":[0-9]*' "$folder/verdict.json" | head -n 1 | cut -d: -f2 || true)
  else
    say "there is no verdict.json; see above"
  fi
}

# Both sides of the night, with the images that changed their class.
write_comparison() {
  [[ -n $run ]] || return 0
  qbench compare "$run:baseline" "$run" --db "${config[DATABASE]}" --format html --output "$folder/comparison.html" \
    >>"$folder/log.txt" 2>&1 || true  # its status is its answer
  [[ -s $folder/comparison.html ]] || say "there is no comparison.html; see above"
}

name_run() {
  local version
  [[ -n ${config[VERSION]} && -n $run ]] || return 0
  if ! version=$(timeout -k 5 "${config[HOOK_TIMEOUT]}" bash -c "${config[VERSION]}" </dev/null 2>>"$folder/log.txt" 9>&-); then
    say "VERSION failed; the run gets no name"
    return 0
  fi
  version=$(head -n 1 <<<"$version" | cut -c 1-60)
  qbench runs rename "$run" "$version of ${folder##*/}" --db "${config[DATABASE]}" >>"$folder/log.txt" 2>&1 ||
    say "the run could not be named; see above"
}

# Sets `answer` and `sentence` by what qbench ended with.
understand() {
  sentence=$(grep -v '^[[:space:]]*$' "$folder/summary.txt" | tail -n 1 || true)
  case $status in
    0) answer=good ;;
    1) answer=regression ;;
    4) answer=invalid ;;
    130) answer=interrupted sentence='The night was interrupted.' ;;
    *)
      answer=error sentence=${messages##*$'\n'}
      ((status < 128)) || sentence="qbench ended by signal $((status - 128))"
      status=2
      ;;
  esac
}

call_hooks() {
  export QBENCH_NIGHT_ANSWER=$answer QBENCH_NIGHT_SENTENCE=$sentence QBENCH_NIGHT_PREVIOUS=$previous
  export QBENCH_NIGHT_DATE=${folder##*/} QBENCH_NIGHT_FOLDER=$folder QBENCH_NIGHT_RUN=$run
  export QBENCH_NIGHT_REPORT=$folder/report.html QBENCH_NIGHT_VERDICT=$folder/verdict.json
  export QBENCH_NIGHT_LOG=$folder/log.txt QBENCH_NIGHT_INDEX=${config[FOLDER]}/index.html
  export QBENCH_NIGHT_BASELINE=${config[BASELINE]} QBENCH_NIGHT_DATABASE=${config[DATABASE]}
  case $answer in
    regression) hook ON_REGRESSION ;;
    invalid) hook ON_INVALID ;;
    error) hook ON_ERROR ;;
    good) [[ $previous == good || -z $previous ]] || hook ON_RECOVERY ;;
  esac
}

config_file=''
check=no
while (($# > 0)); do
  case $1 in
    --config)
      (($# > 1)) || fail "--config needs a file"
      config_file=$2
      shift 2
      ;;
    --check) check=yes; shift ;;
    -h | --help) sed -n '2,/^set -/{/^#/s/^# \{0,1\}//p}' "${BASH_SOURCE[0]}"; exit 0 ;;
    *) fail "unknown argument '$1'; see nightly.sh --help" ;;
  esac
done
if [[ -z $config_file ]]; then
  config_file=${XDG_CONFIG_HOME:-${HOME:-/nonexistent}/.config}/qbench/nightly.conf
  [[ -e $config_file ]] || config_file=/etc/qbench/nightly.conf
fi
read_config "$config_file"
complete_config
if [[ $check == yes ]]; then
  qbench baseline show "${config[BASELINE]}"
  echo "$config_file: all is there that a night needs"
  exit 0
fi

mkdir -p "${config[FOLDER]}"
exec 9>"${config[FOLDER]}/.lock"
flock -n 9 || fail "another night is running in ${config[FOLDER]}"

child='' stopped=no run='' messages=''
choose_folder
close_killed_nights
page=no previous=''
[[ -r ${config[FOLDER]}/last_answer ]] && previous=$(<"${config[FOLDER]}/last_answer")
# shellcheck disable=SC2329  # the trap calls it
stop() {
  stopped=yes
  [[ -z $child ]] || kill -TERM "$child" 2>/dev/null || true
}
trap stop INT TERM HUP
: >"$folder/summary.txt"
say "night ${folder##*/} beside ${config[BASELINE]}"

status=0
if [[ -n ${config[BEFORE]} ]]; then
  say "BEFORE: ${config[BEFORE]}"
  bash -c "${config[BEFORE]}" </dev/null >>"$folder/log.txt" 2>&1 9>&- || status=$?
fi
if [[ $stopped == yes ]]; then
  status=130
elif ((status != 0)); then
  messages="BEFORE failed with $status; see log.txt"
  status=2
else
  measure_night
fi
understand
case $answer in
  good | regression | invalid) write_verdict; write_comparison; name_run ;;
  error) put "$folder/error.txt" "$sentence" ;;
esac
say "$answer: $sentence"
# With the rows that clean_up deletes.
if qbench nights --db "${config[DATABASE]}" --baseline "${config[BASELINE]}" --every "${config[EVERY]}" \
  --last "$((config[KEEP_RUNS] + 30))" --folder "${config[FOLDER]}" >>"$folder/log.txt" 2>&1; then
  page=yes
else
  say "the page could not be written; see above"
fi
call_hooks
[[ $answer == interrupted ]] || put "${config[FOLDER]}/last_answer" "$answer"
clean_up
put "$folder/status" "$answer${sentence:+: $sentence}"
exit "$status"
