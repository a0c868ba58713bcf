// The best runs of a selection, without sorting all.

/** The rows of the mask with the best values, best first, earlier ones first among equals. */
export function bestOf(mask: Uint8Array, value: Float64Array, isMaximized: boolean, most: number): Uint32Array {
  const sign = isMaximized ? -1 : 1;
  const order = (a: number, b: number): number => sign * (value[a] - value[b]) || a - b;
  let few: number[] = [];
  let worst = Infinity;
  for (let i = 0; i < mask.length; i += 1) {
    const loss = sign * value[i];
    // Not a number is never less.
    if (!mask[i] || !(loss < worst || (few.length < most && loss === loss))) continue;
    few.push(i);
    if (few.length < 2 * most) continue;
    few = few.sort(order).slice(0, most);
    worst = sign * value[few[most - 1]];
  }
  return Uint32Array.from(few.sort(order).slice(0, most));
}
