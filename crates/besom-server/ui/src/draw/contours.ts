// Lines of equal value over a grid, by marching squares.

type Line = [x1: number, y1: number, x2: number, y2: number];

/** Short lines between 0 and 1 at a number of levels between the least and the greatest value. */
export function contours(grid: number, values: (number | null)[], levels: number): Line[] {
  const known = values.filter((v): v is number => v !== null);
  const [low, high] = [Math.min(...known), Math.max(...known)];
  const lines: Line[] = [];
  for (let k = 1; k <= levels && high > low; k += 1) {
    const level = low + ((high - low) * k) / (levels + 1);
    for (let y = 0; y + 1 < grid; y += 1) {
      for (let x = 0; x + 1 < grid; x += 1) addCell(lines, grid, values, x, y, level);
    }
  }
  return lines;
}

/** Joins the points where the level crosses the edges of a cell; of a saddle's four, two and two. */
function addCell(lines: Line[], grid: number, values: (number | null)[], x: number, y: number, level: number): void {
  const corners = [
    [x, y],
    [x + 1, y],
    [x + 1, y + 1],
    [x, y + 1],
  ];
  const at = corners.map(([cx, cy]) => values[cy * grid + cx]);
  if (at.includes(null)) return;
  const points: [number, number][] = [];
  for (let e = 0; e < 4; e += 1) {
    const [a, b] = [at[e]!, at[(e + 1) % 4]!];
    if (a < level === b < level) continue;
    const t = (level - a) / (b - a);
    const [[ax, ay], [bx, by]] = [corners[e], corners[(e + 1) % 4]];
    points.push([(ax + t * (bx - ax) + 0.5) / grid, (ay + t * (by - ay) + 0.5) / grid]);
  }
  for (let i = 0; i + 1 < points.length; i += 2) lines.push([...points[i], ...points[i + 1]]);
}
