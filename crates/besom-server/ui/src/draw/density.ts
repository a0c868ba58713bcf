// Parallel coordinates as a density: each run adds one to every pixel that it crosses, split over the two rows it lies
// between; the color is the mean shade of who crosses, the strength the logarithm of how many. What costs is the crossing, so
// the sums are kept, and when the selection changes only the runs that came or went are added or taken away. Sums are
// whole numbers: nothing is left behind when a run goes. A pixel's number of parts and the sum of their shades are in one number
// of 53 bits, parts above and shades below, so that a crossing is one addition.

/** Up to this many runs are drawn as lines, which are finer than a density. */
export const FEW = 1500;
/** With more runs than this, one column of sums stands for two of pixels, and a run is not split between rows. */
const COARSE = 10_000;
/** Parts of a run that one pixel can have, where it is split. */
const PARTS = 64;
/** What one part counts; below it is room for the shades of 4 million parts. */
const PART = 2 ** 28;
/** Places are whole numbers of this many parts of a row. */
const FINE_BITS = 16;
const FINE = 1 << FINE_BITS;
/** From a place within a row to its share of PARTS. */
const SHARE_BITS = FINE_BITS - Math.log2(PARTS);

/** What is drawn: for each axis the places of all runs, 0 below and 1 above, and for each run its shade up to 63. */
export interface Lines {
  n: number;
  axes: Float32Array[];
  shades: Uint8Array;
  /** 1 for each run that is not drawn at all; null if there are none. */
  hidden: Uint8Array | null;
}

export interface Frame {
  width: number;
  height: number;
  /** The first and the last axis, and the rows of the places 1 and 0, in pixels. */
  left: number;
  right: number;
  top: number;
  bottom: number;
  /** Pixels of the canvas in one of the page. */
  scale: number;
}

/** Sums over all runs, and over the chosen ones. */
export class Density {
  private readonly isCoarse: boolean;
  private readonly columns: number;
  private readonly all: Float64Array;
  private readonly some: Float64Array;
  private readonly inSome: Uint8Array;
  private count = 0;

  constructor(
    private readonly lines: Lines,
    private readonly frame: Frame,
  ) {
    this.isCoarse = lines.n > COARSE;
    this.columns = this.isCoarse ? Math.ceil(frame.width / 2) : frame.width;
    // Column by column: a run touches one place of memory in each column.
    this.all = new Float64Array(this.columns * (frame.height + 2));
    this.some = new Float64Array(this.all.length);
    this.inSome = new Uint8Array(lines.n);
    const everybody = Uint32Array.from({ length: lines.n }, (_, i) => i).filter((i) => !lines.hidden?.[i]);
    this.add(this.all, everybody, 1);
    this.choose(new Uint8Array(lines.n).fill(1).map((_, i) => (lines.hidden?.[i] ? 0 : 1)));
  }

  /** Changes which runs are chosen; returns how many are. */
  choose(mask: Uint8Array): number {
    const { n } = this.lines;
    const came = new Uint32Array(n);
    const went = new Uint32Array(n);
    const stay = new Uint32Array(n);
    let [c, w, s] = [0, 0, 0];
    for (let i = 0; i < n; i += 1) {
      if (mask[i]) stay[s++] = i;
      if (mask[i] && !this.inSome[i]) came[c++] = i;
      else if (!mask[i] && this.inSome[i]) went[w++] = i;
      this.inSome[i] = mask[i];
    }
    if (s === n) this.some.set(this.all);
    else if (s < c + w) {
      this.some.fill(0);
      this.add(this.some, stay.subarray(0, s), 1);
    } else {
      this.add(this.some, came.subarray(0, c), 1);
      this.add(this.some, went.subarray(0, w), -1);
    }
    this.count = s;
    return s;
  }

  private add(sums: Float64Array, runs: Uint32Array, sign: 1 | -1): void {
    const { axes } = this.lines;
    const { left, right, width } = this.frame;
    const scale = this.columns / width;
    const at = (a: number): number => Math.round((left + ((right - left) * a) / (axes.length - 1)) * scale);
    for (let a = 0; a + 1 < axes.length; a += 1) this.addSegment(sums, runs, sign, axes[a], axes[a + 1], at(a), at(a + 1));
  }

  private addSegment(
    sums: Float64Array,
    runs: Uint32Array,
    sign: 1 | -1,
    from: Float32Array,
    to: Float32Array,
    x0: number,
    x1: number,
  ): void {
    const { height, top, bottom } = this.frame;
    const { shades } = this.lines;
    const stride = height + 2;
    const span = bottom - top;
    const add = this.isCoarse ? addWhole : addSplit;
    for (const r of runs) {
      const y = bottom - span * from[r];
      const dy = (bottom - span * to[r] - y) / (x1 - x0);
      add(sums, x0 * stride, x1 * stride, stride, Math.round(y * FINE), Math.round(dy * FINE), sign * (PART + shades[r]));
    }
  }

  /** Writes pixels, red first: the chosen runs in color, the others in gray behind. */
  paint(pixels: Uint32Array, palette: Uint32Array, gray: number): void {
    const { width, height } = this.frame;
    const share = this.columns / width;
    const parts = this.isCoarse ? 1 : PARTS;
    const strong = strengths(60, 255, Math.max(4, this.count / 40), parts);
    const weak = strengths(14, 84, Math.max(4, this.lines.n / 40), parts);
    const stride = height + 2;
    for (let x = 0; x < width; x += 1) {
      const base = Math.floor(x * share) * stride;
      for (let y = 0, i = base, p = x; y < height; y += 1, i += 1, p += width) {
        const sum = this.some[i];
        if (sum > 0) {
          const some = Math.floor(sum / PART);
          pixels[p] = (strong(some) << 24) | palette[Math.min(63, Math.round((sum - some * PART) / some))];
        } else {
          const all = this.all[i];
          pixels[p] = all > 0 ? (weak(Math.floor(all / PART)) << 24) | gray : 0;
        }
      }
    }
  }
}

/** The opacity of a number of parts, of which a run has some, from a table: the logarithm of every pixel takes longer than the rest. */
function strengths(least: number, most: number, full: number, ofRun: number): (parts: number) => number {
  const size = 1024;
  const top = full * ofRun;
  const table = Uint8Array.from({ length: size + 1 }, (_, i) => {
    const runs = (i / size) * full;
    return Math.min(255, least * Math.min(1, runs * 2) + (most - least) * (Math.log1p(runs) / Math.log1p(full)));
  });
  return (parts) => table[parts >= top ? size : Math.ceil((parts / top) * size)];
}

/** Adds a line, in each column split over the two rows that it lies between. */
function addSplit(sums: Float64Array, from: number, to: number, stride: number, start: number, dy: number, part: number): void {
  let y = start;
  for (let base = from; base < to; base += stride) {
    const below = (y >> SHARE_BITS) & (PARTS - 1);
    const i = base + (y >> FINE_BITS);
    sums[i] += part * (PARTS - below);
    sums[i + 1] += part * below;
    y += dy;
  }
}

/** Adds a line to the nearest row in each column: among very many, nobody sees its edge. */
function addWhole(sums: Float64Array, from: number, to: number, stride: number, start: number, dy: number, part: number): void {
  let y = start + FINE / 2;
  for (let base = from; base < to; base += stride) {
    sums[base + (y >> FINE_BITS)] += part;
    y += dy;
  }
}
