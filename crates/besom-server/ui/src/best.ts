// The best runs of a selection, without sorting all, and those that were the best when they came.

import type { History } from "./source/columns";
import type { Goal } from "./source/types";

/** The rows of the mask with the best values, best first, earlier ones first among equals. */
export function bestOf(mask: Uint8Array, value: Float64Array, goal: Goal, most: number): Uint32Array {
  const sign = signOf(goal);
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

/** A run that was better than all before it. */
export interface Step {
  row: number;
  value: number;
}

/** The rows of a mask that have a value. */
export function valued(mask: Uint8Array, value: Float64Array | undefined): number[] {
  const rows: number[] = [];
  for (let row = 0; row < mask.length; row += 1) if (mask[row] && Number.isFinite(value?.[row])) rows.push(row);
  return rows;
}

/** The best value so far as steps, over runs in the order of these rows; a run that failed is never the best, whatever its value. */
export function bestSoFar(history: History, goal: Goal, rows: Iterable<number>): Step[] {
  const sign = signOf(goal);
  const steps: Step[] = [];
  let best = Infinity;
  for (const row of rows) {
    const loss = sign * history.value[row];
    if (!(loss < best) || !counts(history, row)) continue;
    best = loss;
    steps.push({ row, value: sign * loss });
  }
  return steps;
}

function signOf(goal: Goal): 1 | -1 {
  return goal === "minimize" ? 1 : -1;
}

/** Whether the value of a run counts. */
function counts(history: History, row: number): boolean {
  return ["finished", "stopped", "running"].includes(history.stateOf(row));
}
