// Rank correlation: how far the order of runs by one column is their order by another (Spearman 1904).

/** A column of numbers, whatever their scale: only their order counts. */
export interface Column {
  name: string;
  of: (row: number) => number;
}

/** The correlation of each pair of columns over some rows, 1 for the same order and -1 for the reverse; NaN where it cannot be said. */
export function correlations(columns: Column[], rows: Uint32Array): number[][] {
  const values = columns.map(({ of }) => Float64Array.from(rows, (row) => of(row)));
  const isWhole = values.map((column) => !column.some(Number.isNaN));
  const ranked = values.map((column, i) => (isWhole[i] ? ranks(column) : column));
  const one = (i: number, j: number): number => {
    if (isWhole[i] && isWhole[j]) return correlation(ranked[i], ranked[j]);
    // Runs that lack one of the two say nothing about the pair.
    const known = (_: number, row: number): boolean => !Number.isNaN(values[i][row] + values[j][row]);
    return correlation(ranks(values[i].filter(known)), ranks(values[j].filter(known)));
  };
  return columns.map((_, i) => columns.map((_, j) => (j < i ? one(i, j) : NaN)));
}

/** The rank of each value from 0 on; equal ones share the mean of their ranks. */
export function ranks(values: Float64Array): Float64Array {
  const order = Uint32Array.from(values, (_, i) => i).sort((a, b) => values[a] - values[b]);
  const result = new Float64Array(values.length);
  for (let from = 0, to = 0; from < order.length; from = to) {
    while (to < order.length && values[order[to]] === values[order[from]]) to += 1;
    for (let i = from; i < to; i += 1) result[order[i]] = (from + to - 1) / 2;
  }
  return result;
}

/** Pearson's correlation; NaN of fewer than three pairs, and where nothing varies. */
function correlation(x: Float64Array, y: Float64Array): number {
  const n = x.length;
  if (n < 3) return NaN;
  const mean = (n - 1) / 2;
  let [xy, xx, yy] = [0, 0, 0];
  for (let i = 0; i < n; i += 1) {
    const [dx, dy] = [x[i] - mean, y[i] - mean];
    xy += dx * dy;
    xx += dx * dx;
    yy += dy * dy;
  }
  return xx > 0 && yy > 0 ? xy / Math.sqrt(xx * yy) : NaN;
}
