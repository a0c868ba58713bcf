#!/usr/bin/env bash
# Claim and finish in a database of its own beside pgbench's simple-update, taking turns. ROUNDS and THREADS can be set.
#   cargo build --release -p besom-postgres --example postgres_bench && benches/scripts/postgres.sh [PROGRAM]
set -euo pipefail
program=$(realpath "${1:-target/release/examples/postgres_bench}")
rounds=${ROUNDS:-3} threads=${THREADS:-16}
bin=$(dirname "$(readlink -f "$(command -v initdb || ls -d /usr/lib/postgresql/*/bin/initdb | tail -n 1)")")
dir=$(mktemp -d)
as() { if [ "$(id -u)" = 0 ]; then setpriv --reuid=postgres --regid=postgres --clear-groups "$@"; else "$@"; fi; }
[ "$(id -u)" != 0 ] || chown postgres "$dir"
cd /
trap 'as "$bin/pg_ctl" -D "$dir/data" -m immediate stop >/dev/null; rm -rf "$dir"' EXIT
as "$bin/initdb" -D "$dir/data" -U besom --auth=trust --encoding=UTF8 --locale=C >/dev/null
as "$bin/pg_ctl" -D "$dir/data" -l "$dir/log" -w -o "-k $dir -c listen_addresses='' -c max_connections=1100" start >/dev/null
chmod 755 "$dir"
as "$bin/pgbench" -h "$dir" -U besom -i -s 20 -q postgres 2>/dev/null
url=postgres://besom@${dir//\//%2F}/postgres
for _ in $(seq "$rounds"); do
  as "$bin/pgbench" -h "$dir" -U besom -N -c "$threads" -j 2 -T 10 postgres 2>/dev/null | grep -E '^tps'
  "$program" "$url" "$threads" "${RUNS:-8000}"
done
