// Runs in time: when each ended, counted from the first start.

import type { History } from "./source/columns";

export interface Times {
  /** The rows of runs that have ended, in the order in which they did. */
  rows: Uint32Array;
  /** Seconds from the start of the first run to the end of this one; not a number while it runs. */
  seconds: (row: number) => number;
  /** Those of the last end. */
  all: number;
}

export function timesOf(history: History): Times {
  const started = history.started.subarray(0, history.runs).reduce((a, b) => (b < a ? b : a), Infinity);
  const rows = Uint32Array.from({ length: history.runs }, (_, i) => i).filter((row) => !Number.isNaN(history.ended[row]));
  rows.sort((a, b) => history.ended[a] - history.ended[b] || a - b);
  // Runs that were brought along from elsewhere have never started.
  const begun = started < Infinity ? started : rows.length > 0 ? history.ended[rows[0]] : 0;
  const seconds = (row: number): number => Math.max(0, history.ended[row] - begun) / 1000;
  return { rows, seconds, all: rows.length > 0 ? seconds(rows[rows.length - 1]) : 0 };
}

/** The unit that a length of time is drawn in, with its seconds: nobody reads 40,000 s. */
export function unitOf(seconds: number): { size: number; name: string } {
  if (seconds > 7200) return { size: 3600, name: "hours" };
  return seconds > 120 ? { size: 60, name: "minutes" } : { size: 1, name: "seconds" };
}
