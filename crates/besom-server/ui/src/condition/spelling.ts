// The known word that is spelled most like a wrong one, as crates/besom-core/src/spelling.rs finds it.

export function nearest(word: string, known: string[]): string | null {
  if (word.length > 64) return null;
  const alike = known
    .map((candidate) => [distance(word.toLowerCase(), candidate.toLowerCase()), candidate] as const)
    .filter(([d, candidate]) => d <= 1 + Math.floor(Math.min(candidate.length, word.length) / 4))
    .sort(([a], [b]) => a - b);
  if (alike.length > 0) return alike[0][1];
  const short = squashed(word);
  const longer = short.length >= 2 ? known.filter((candidate) => squashed(candidate).startsWith(short)) : [];
  if (longer.length === 1) return longer[0];
  return known.find((candidate) => parts(candidate) === parts(word)) ?? null;
}

/** How many letters must be typed, left out, changed or swapped with their neighbor. */
function distance(a: string, b: string): number {
  const rows = Array.from({ length: a.length + 1 }, (_, i) => [i, ...new Array<number>(b.length).fill(0)]);
  for (let j = 1; j <= b.length; j += 1) rows[0][j] = j;
  for (let i = 1; i <= a.length; i += 1) {
    for (let j = 1; j <= b.length; j += 1) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1;
      rows[i][j] = Math.min(rows[i - 1][j] + 1, rows[i][j - 1] + 1, rows[i - 1][j - 1] + same);
      const isSwap = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      if (isSwap) rows[i][j] = Math.min(rows[i][j], rows[i - 2][j - 2] + 1);
    }
  }
  return rows[a.length][b.length];
}

function squashed(word: string): string {
  return word.replaceAll(/[_\- ]/g, "").toLowerCase();
}

function parts(word: string): string {
  return word
    .split(/[_\- ]/)
    .sort()
    .join(" ");
}
