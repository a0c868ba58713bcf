#!/usr/bin/env bash
# Memory and time of `besom run` over many runs: benches/scripts/memory.sh [RUNS] [METHOD]
#
# Runs a real sweep of ten parameters whose program logs one value, with two agents, and prints the largest resident set
# of the besom process (VmHWM). The store is in memory (/dev/shm), so that the disk does not set the pace.
set -euo pipefail
cd "$(dirname "$0")/../.."
runs=${1:-10000}
method=${2:-random}
cargo build --release --quiet -p besom
besom=$PWD/target/release/besom
work=$(mktemp -d /dev/shm/besom-memory-XXXXXX)
trap 'rm -rf "$work"' EXIT
cd "$work"
cat >train.sh <<'TRAIN'
#!/bin/sh
echo "{\"loss\": 0.$BESOM_RUN_NUMBER}" >>"$BESOM_METRICS"
TRAIN
chmod +x train.sh
{
  printf 'method: %s\nrun_cap: %s\nprogram: ./train.sh\ncommand: ["./train.sh"]\n' "$method" "$runs"
  printf 'metric: {name: loss, goal: minimize}\nearly_terminate: {type: hyperband, min_iter: 1}\nparameters:\n'
  for i in 0 1 2 3 4 5 6 7; do printf '  p%s: {min: 0.0, max: 1.0}\n' "$i"; done
  printf '  p8: {values: [adam, sgd, rmsprop]}\n  p9: {min: 1, max: 12}\n'
} >sweep.yaml
started=$(date +%s.%N)
"$besom" --store store run sweep.yaml -j 2 >out 2>err &
pid=$!
peak=0
while kill -0 "$pid" 2>/dev/null; do
  peak=$(awk '/^VmHWM/ {print $2}' "/proc/$pid/status" 2>/dev/null || echo "$peak")
  [ -n "$peak" ] && last=$peak
  sleep 0.2
done
wait "$pid" || { tail -n 5 err; exit 1; }
printf '%s, %s runs: %s MB at most, %.0f s, store of %s MB\n' "$method" "$runs" "$((last / 1024))" \
  "$(echo "$(date +%s.%N) - $started" | bc)" "$(du -sm store/besom.db | cut -f1)"
