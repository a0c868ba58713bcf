#!/bin/sh
# Packs a file and reports how long it takes to get it over a slow line: packing, then sending what is left.
#
#     sh pack.sh tool=gzip level=6 layout=rows
#
# Parameters come as name=value words; this makes them variables of the shell.
set -eu
export "$@"

here=$(dirname "$0")
bytes_per_second=125000 # a line of 1 Mbit/s

command -v "$tool" > /dev/null || {
    echo "$tool is not installed" >&2
    exit 1 # any status but 0 makes the run `failed`; the sweep goes on with the others
}

# Reports one row of metrics; the script tried by hand prints it.
report() {
    if [ -n "${BESOM_METRICS:-}" ]; then
        besom log "$@"
    else
        echo "$@"
    fi
}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' INT TERM # the files go, too, when besom ends the run

gzip -dc "$here/../digits/digits.csv.gz" > "$work/rows"
# The same numbers, pixel after pixel in place of image after image.
awk -F, '{ for (i = 1; i <= NF; i++) column[i] = column[i] "," $i } END { for (i = 1; i <= NF; i++) print column[i] }' \
    "$work/rows" > "$work/columns"

# Clocks are noisy, so it is done three times. Each is one step of the run's curve, and the best one counts.
for try in 1 2 3; do
    start=$(date +%s%N)
    "$tool" "-$level" < "$work/$layout" > "$work/packed"
    end=$(date +%s%N)
    bytes=$(wc -c < "$work/packed")
    report $(awk -v ns=$((end - start)) -v bytes="$bytes" -v speed="$bytes_per_second" -v try="$try" 'BEGIN {
        printf "arrival=%.4f packing=%.4f bytes=%d try=%d", ns / 1e9 + bytes / speed, ns / 1e9, bytes, try
    }')
done
