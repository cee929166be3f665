#!/usr/bin/env bash
# Holds every LiteRT from 2.2.0 on that PyPI has against what qbench declares of its C API.
#     scripts/check_litert_abi.sh [--preset NAME] [--keep FOLDER] [VERSION|LIBRARY.so…]
# Fetches each version (about 20 MB) into a throw-away folder (--keep: into FOLDER, where what is
# there already is not fetched again), looks for every function that plugins/runtimes/litert looks
# up, runs tests/litert_abi on the library and asks qbench itself. Prints a Markdown table, and below
# it why what failed did. VERSIONs or libraries take the place of PyPI's list. Exit status: 0 all are
# as declared, 1 one is not, 2 it cannot be said.
set -euo pipefail

fail() {
  echo "check_litert_abi.sh: $*" >&2
  exit 2
}

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
preset=dev keep='' asked=()
while (($#)); do
  case $1 in
    -h | --help) sed -n '2,/^set /{/^set /!s/^# \{0,1\}//p}' "${BASH_SOURCE[0]}"; exit 0 ;;
    --preset) (($# > 1)) || fail "--preset needs a name"; preset=$2; shift 2 ;;
    --keep) (($# > 1)) || fail "--keep needs a folder"; keep=$2; shift 2 ;;
    -*) fail "unknown option $1; see --help" ;;
    *) asked+=("$1"); shift ;;
  esac
done

declare -A platforms=([x86_64]=manylinux_2_27_x86_64 [aarch64]=manylinux_2_27_aarch64)
platform=${platforms[$(uname -m)]:-}
[[ -n $platform ]] || fail "there is no LiteRT for $(uname -m)"
pip=(python3 -m pip --disable-pip-version-check)

# The versions of 2.2 and later, oldest first.
list_versions() {
  "${pip[@]}" index versions ai-edge-litert 2>/dev/null |
    sed -n 's/^Available versions: //p' | tr -d ' ' | tr ',' '\n' | sort -V |
    awk -F. '$1 > 2 || ($1 == 2 && $2 >= 2)'
}
if ((${#asked[@]} == 0)); then
  mapfile -t asked < <(list_versions)
  ((${#asked[@]})) || fail "pip gives no list of versions; check the network, or name versions"
fi

"$root/scripts/build.sh" "$preset" litert_abi_probe qbench qbench-worker qbench_plugin_litert >&2
build=$root/build/$preset

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
wheels=${keep:-$work/wheels}
mkdir -p "$wheels"

# The functions that the plugin looks up.
sources=("$root"/plugins/runtimes/litert/litert_api.cc)
{
  sed -n 's/.*QBENCH_LITERT_READ(\([A-Za-z]*\));.*/LiteRt\1/p' "${sources[@]}"
  sed -n 's/.*reader\.Read("\(LiteRt[A-Za-z][A-Za-z]*\)".*/\1/p' "${sources[@]}"
} | sort -u >"$work/wanted"
(($(wc -l <"$work/wanted") >= 20)) || fail "cannot find the functions in ${sources[*]}"

# library_of VERSION|FILE: prints the library's path.
library_of() {
  if [[ $1 == *.so ]]; then
    realpath "$1"
    return
  fi
  local folder=$wheels/$1 log=$work/pip.log
  local library=$folder/wheel/ai_edge_litert/libLiteRt.so
  if [[ ! -f $library ]]; then
    if ! "${pip[@]}" download --no-deps --only-binary=:all: --python-version 3.11 \
      --platform "$platform" --dest "$folder" "ai-edge-litert==$1" >"$log" 2>&1; then
      tail -n 3 "$log" >&2
      return 1
    fi
    python3 -m zipfile --extract "$folder"/ai_edge_litert-*.whl "$folder/wheel" || return 1
  fi
  echo "$library"
}

checks=(known_model float int8 types layouts options profile)
total=$(wc -l <"$work/wanted")
status=0
printf '| LiteRT | functions | %s | %s | %s | %s | %s | %s | %s |\n' "${checks[@]//_/ }"
echo '| --- | --- | --- | --- | --- | --- | --- | --- | --- |'
for version in "${asked[@]}"; do
  library=$(library_of "$version") || fail "cannot fetch ai-edge-litert $version"
  nm --dynamic --defined-only "$library" | awk '{print $NF}' | sed 's/@.*//' | sort -u >"$work/has"
  comm -23 "$work/wanted" "$work/has" >"$work/missing"
  missing=$(wc -l <"$work/missing")
  if ((missing)); then functions="$missing of $total missing"; else functions="all $total"; fi

  outcome=0
  "$build/tests/litert_abi_probe" "$library" >"$work/answer" || outcome=$?
  ((outcome < 2)) || fail "litert_abi_probe could not be run on $library"
  cells=()
  for check in "${checks[@]}"; do
    if grep -qx "$check: ok" "$work/answer"; then cells+=(ok); else cells+=(failed); fi
  done
  printf '| %s | %s | %s | %s | %s | %s | %s | %s | %s |\n' "$version" "$functions" "${cells[@]}"
  if ((missing || outcome)); then
    status=1
    {
      echo
      echo "LiteRT $version:"
      [[ ! -s $work/missing ]] || echo "  missing: $(paste -sd ' ' "$work/missing")"
      sed -n '/: ok$/!s/^/  /p' "$work/answer"
      echo "  what the user sees: $("$build/bin/qbench" plugin list --litert-library "$library" 2>&1 | head -n 1)"
    } >>"$work/failures"
  fi
done
[[ ! -f $work/failures ]] || cat "$work/failures"
exit "$status"
