# Sourced by .ci/run and .ci/full: how steps are chosen, timed and reported, and what a bare machine lacks.
#
# A step is a function of the same name, listed in `steps`. It runs in a subshell with `set -e`, so it ends at its first
# failing command and leaves nothing behind but files. What several steps need is in $work, which is kept between runs.

# Ctrl-C is tested, and a shell in the background ignores it, for itself and everything below.
[ -n "${BESOM_CI:-}" ] || exec env --default-signal=INT BESOM_CI=yes "$0" "$@"
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
export CARGO_TERM_COLOR=never CARGO_INCREMENTAL=0
work=$PWD/target/ci
log=$(mktemp -d)
trap 'rm -rf "$log"' EXIT
mkdir -p "$work"

need() { # need COMMAND PACKAGE: installs a Debian package if its command is missing
  command -v "$1" >/dev/null || install_package "$2"
}

install_package() {
  apt-get -qq update
  apt-get -qq install -y "$1" >/dev/null
}

tools() {
  need cc gcc
  need c++ g++
  need python3 python3
  python3 -c 'import ensurepip' 2>/dev/null || install_package python3-venv
  need node nodejs
  cargo fmt --version && cargo clippy --version || rustup component add rustfmt clippy
}

skip() { # skip REASON: ends a step that this machine cannot run
  echo "skipped: $1" | tee "$log/$step.skipped"
  exit 0
}

venv() { # venv NAME REQUIREMENTS..: makes $work/NAME with these packages, unless it is there
  local place=$work/$1 wanted
  shift
  wanted=$(python3 --version; cat "$@")
  [ "$(cat "$place/wanted" 2>/dev/null)" != "$wanted" ] || return 0
  python3 -m venv --clear "$place"
  # Nothing is built from source, and nothing is newer than it was when the file was written.
  "$place/bin/pip" install --quiet --only-binary :all: "${@/#/--requirement=}"
  echo "$wanted" >"$place/wanted"
}

besom_venv() { # besom_venv NAME REQUIREMENTS..: the same, with the Python package as a user installs it
  venv "$@"
  # Pip reads the first, newer ones the second, for what is needed to build: the same maturin each time.
  PIP_CONSTRAINT=$2 PIP_BUILD_CONSTRAINT=$2 "$work/$1/bin/pip" install --quiet --force-reinstall --no-deps ./crates/besom-python
  (cd / && "$work/$1/bin/python" -c 'import besom')
}

run_step() { # run_step NAME: its output is shown and kept in $log/NAME.out, its line of the table in $log/table
  step=$1
  local status result=ok seconds
  printf '\n== %s\n' "$step"
  local TIMEFORMAT='%0R %U %S'
  # Not in a condition: there `set -e` would have no effect, not even in the subshell.
  set +e
  { time { (set -e && "$step") </dev/null 2>&1 | tee "$log/$step.out"; }; } 2>"$log/seconds"
  status=$?
  set -e
  seconds=$(awk 'END { printf "%8d %8d", $1, $2 + $3 }' "$log/seconds")
  [ ! -e "$log/$step.skipped" ] || result=skipped
  [ "$status" = 0 ] || { result=FAILED; failed+=("$step"); }
  printf '%-16s %-8s %s\n' "$step" "$result" "$seconds" >>"$log/table"
}

report() { # report SECONDS: the runners' own lines, the table, and the last line
  printf '\n== summary\n'
  # Of cargo test, pytest, examples/run and fuzz/run.
  cat $(ls -tr "$log"/*.out) | grep -aE '^(test result:|[0-9]+ (passed|failed).* in |-- |fuzz [a-z_]+:|skipped:)' || true
  printf '\n%-16s %-8s %8s %8s\n' step result 'wall s' 'CPU s'
  cat "$log/table"
  awk -v wall="$1" '{ cpu += $4 } END { printf "%-25s %8d %8d\n\n", "all", wall, cpu }' "$log/table"
  [ ${#failed[@]} = 0 ] || echo "FAILED: ${failed[*]}"
  cat "$log"/*.out | awk '/^test result:/ { passed += $4; failed += $6 } END { print passed + 0 " passed, " failed + 0 " failed" }'
}

main() { # main KEEP_GOING [STEP..]: runs all steps, or those; the first failure is the last step, or KEEP_GOING is yes
  local keep_going=$1 name started=$SECONDS
  shift
  failed=()
  [ "${1:-}" != --list ] || { printf '%s\n' "${steps[@]}"; exit; }
  [ $# -gt 0 ] || set -- "${steps[@]}"
  for name in "$@"; do
    [[ " ${steps[*]} " = *" $name "* ]] || { echo "no step '$name'; steps: ${steps[*]}" >&2; exit 2; }
  done
  for name in tools "$@"; do
    run_step "$name"
    [ ${#failed[@]} = 0 ] || [ "$keep_going" = yes ] || break
  done
  report $((SECONDS - started))
  [ ${#failed[@]} = 0 ]
}
