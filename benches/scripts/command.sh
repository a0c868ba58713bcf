#!/usr/bin/env bash
# Time of short commands, median of 21: benches/scripts/command.sh [RUNS]
#
# `besom --version`, and `besom status`, `besom runs` and `besom best` on a store of 10^5 finished runs on the disk of the
# build directory. The store is filled in memory first and then copied.
set -euo pipefail
cd "$(dirname "$0")/../.."
runs=${1:-100000}
cargo build --release --quiet -p besom -p besom-benches
besom=$PWD/target/release/besom
fast=$(mktemp -d /dev/shm/besom-command-XXXXXX)
disk=$(mktemp -d "$PWD/target/tmp/besom-command-XXXXXX")
trap 'rm -rf "$fast" "$disk"' EXIT
target/release/fill "$fast" random "$runs" 3
cp -r "$fast/." "$disk"

median() { # median NAME COMMAND..
  local name=$1 begun
  shift
  for _ in $(seq 21); do
    begun=$(date +%s%N)
    "$@" >/dev/null
    echo $((($(date +%s%N) - begun) / 1000))
  done | sort -n | awk -v name="$name" 'NR == 11 {printf "%-28s %8.1f ms\n", name, $1 / 1000}'
}
median 'nothing (/bin/true)' /bin/true
median 'besom --version' "$besom" --version
echo "of $runs runs:"
median 'besom status' "$besom" --store "$disk" status bench
median 'besom best' "$besom" --store "$disk" best bench
median 'besom runs --json' "$besom" --store "$disk" runs bench --json
