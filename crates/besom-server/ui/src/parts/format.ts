// Numbers, times and values as people read them.

import type { Value } from "../source/types";

const THOUSANDS = new Intl.NumberFormat("en-US");

/** A count with separators. */
export function count(n: number): string {
  return THOUSANDS.format(n);
}

/** A number with as many digits as tell runs apart. */
export function number(x: number | null | undefined, digits = 4): string {
  if (x === null || x === undefined || Number.isNaN(x)) return "–";
  if (!Number.isFinite(x)) return x > 0 ? "∞" : "−∞";
  if (x === 0) return "0";
  const size = Math.abs(x);
  if (Number.isInteger(x) && size < 1e6) return String(x).replace("-", "−");
  const text = size >= 1e6 || size < 1e-3 ? scientific(x, digits) : String(Number(x.toPrecision(digits)));
  return text.replace("-", "−").replace("e-", "e−");
}

function scientific(x: number, digits: number): string {
  const [mantissa, exponent] = x.toExponential(digits - 1).split("e");
  return `${Number(mantissa)}e${Number(exponent)}`;
}

/** Any value of a point or a row in one line. */
export function value(v: Value | undefined): string {
  if (v === undefined) return "–";
  if (typeof v === "number") return number(v, 6);
  if (typeof v === "string") return v;
  return JSON.stringify(v);
}

/** A length of time: 4.2 s, 3 min 12 s, 5 h 20 min, 3 d 4 h. */
export function duration(seconds: number | null | undefined): string {
  if (seconds === null || seconds === undefined || !Number.isFinite(seconds)) return "–";
  const s = Math.max(0, seconds);
  if (s < 10) return `${s.toFixed(1)} s`;
  if (s < 60) return `${Math.round(s)} s`;
  if (s < 3600) return two(s, 60, "min", 1, "s");
  if (s < 86_400) return two(s, 3600, "h", 60, "min");
  return two(s, 86_400, "d", 3600, "h");
}

function two(s: number, big: number, bigUnit: string, small: number, smallUnit: string): string {
  const whole = Math.floor(s / big);
  const rest = Math.floor((s % big) / small);
  return rest ? `${whole} ${bigUnit} ${rest} ${smallUnit}` : `${whole} ${bigUnit}`;
}

/** How long ago, in one unit. */
export function ago(ms: number, now: number): string {
  const s = Math.max(0, (now - ms) / 1000);
  if (s < 60) return "just now";
  const [size, unit] = s < 3600 ? [60, "min"] : s < 86_400 ? [3600, "h"] : [86_400, "d"];
  return `${Math.floor(s / size)} ${unit} ago`;
}

const STAMP = new Intl.DateTimeFormat("en-US", { dateStyle: "medium", timeStyle: "medium", hourCycle: "h23" });

/** A moment in the reader's time zone. */
export function moment(ms: number | null): string {
  return ms === null || Number.isNaN(ms) ? "–" : STAMP.format(ms);
}

/** "1 run", "12 runs". */
export function many(n: number, one: string, more = `${one}s`): string {
  return `${count(n)} ${n === 1 ? one : more}`;
}
