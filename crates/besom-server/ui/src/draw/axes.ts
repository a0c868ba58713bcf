// The axes of parallel coordinates: which, in which order, turned around, on which scale. The address keeps them as
// `axes=lr,-depth,~width,loss`: `-` is reversed, `~` is the other scale.

import type { History } from "../source/columns";
import type { Axis, Detail, Goal } from "../source/types";
import { axisOf, placeOf, ticksOf } from "./scales";

/** What is set of an axis. */
export interface Setting {
  name: string;
  isReversed: boolean;
  isOther: boolean;
}

/** An axis as it is drawn. */
export interface Drawn extends Setting {
  axis: Axis;
  isMetric: boolean;
  canSwitch: boolean;
  /** Places of the runs as drawn, 0 below and 1 above. */
  places: Float32Array;
  ticks: Axis["ticks"];
  /** From a place as drawn to what brushes are written in, and back. */
  toBrush: (place: number) => number;
  fromBrush: (x: number) => number;
}

/** The brush of an axis as it is drawn, from its lower end to its upper one. */
export function brushOf(axis: Drawn, brushes: Record<string, [number, number]>): [number, number] | null {
  const range = brushes[axis.name];
  if (!range) return null;
  const [a, b] = range.map(axis.fromBrush);
  return [Math.min(a, b), Math.max(a, b)];
}

/** Where a run is drawn that lacks the parameter or the value: below the axis. */
export const NONE = -0.07;

/** More axes than this are chosen by hand. */
const USUAL = 9;

export function readAxes(text: string, detail: Detail | undefined): Setting[] {
  if (text) return text.split(",").map(readSetting);
  const varying = detail?.parameters.filter((parameter) => parameter.varies).slice(0, USUAL) ?? [];
  const names = [...varying.map(({ name }) => name), ...(detail?.metric ? [detail.metric.name] : [])];
  return names.map((name) => ({ name, isReversed: false, isOther: false }));
}

function readSetting(text: string): Setting {
  const [, flags, name] = /^([-~]*)(.*)$/.exec(text)!;
  return { name, isReversed: flags.includes("-"), isOther: flags.includes("~") };
}

export function writeAxes(all: Setting[]): string {
  return all.map(({ name, isReversed, isOther }) => `${isReversed ? "-" : ""}${isOther ? "~" : ""}${name}`).join(",");
}

/** The axes with the places of all runs on them; names that there aren't are left out. */
export function drawnAxes(settings: Setting[], history: History, detail: Detail, sorted: Float64Array): Drawn[] {
  return settings.flatMap((setting) => {
    const column = history.parameters.find((parameter) => parameter.name === setting.name);
    if (column) return [ofParameter(setting, column.axis, column.places.subarray(0, history.runs))];
    return setting.name === detail.metric?.name ? [ofMetric(setting, history, detail.metric.goal, sorted)] : [];
  });
}

function ofParameter(setting: Setting, axis: Axis, places: Float32Array): Drawn {
  const canSwitch = axis.scale === "log" || (axis.scale === "linear" && axis.min > 0);
  const isOther = setting.isOther && canSwitch;
  const shown = isOther ? otherScale(axis) : axis;
  const forth = isOther ? (p: number): number => placeOf(shown, plainNumberAt(axis, p)) : same;
  const back = isOther ? (p: number): number => placeOf(axis, plainNumberAt(shown, p)) : same;
  const drawn = { ...setting, isOther, axis: shown, isMetric: false, canSwitch };
  const spread = axis.scale === "category" ? (places.length > 300 ? 0.6 : 0.25) / Math.max(1, axis.values?.length ?? 1) : 0;
  return turned(drawn, forth, back, (i) => places[i] + spread * jitter(i), places.length);
}

/** Between -0.5 and 0.5, always the same for a run: of runs with one category each has a line of its own. */
export function jitter(row: number): number {
  const x = row * 0.618034;
  return x - Math.floor(x) - 0.5;
}

function ofMetric(setting: Setting, history: History, goal: Goal, sorted: Float64Array): Drawn {
  const least = sorted[0] ?? 0;
  const scale = setting.isOther && least > 0 ? "log" : "linear";
  const axis = axisOf(sorted, scale, goal);
  const clamp = (p: number): number => Math.max(0, Math.min(1, p));
  const forth = (value: number): number => (Number.isNaN(value) ? NaN : clamp(placeOf(axis, value)));
  // What lies beyond the ends is drawn at the ends, and belongs to a brush that reaches them.
  const back = (p: number): number => (p <= 0 ? -1e308 : p >= 1 ? 1e308 : plainNumberAt(axis, p));
  const drawn = { ...setting, axis, isMetric: true, canSwitch: least > 0 };
  return turned(drawn, forth, back, (i) => history.value[i], history.runs);
}

function turned(
  drawn: Omit<Drawn, "places" | "ticks" | "toBrush" | "fromBrush">,
  forth: (x: number) => number,
  back: (place: number) => number,
  at: (row: number) => number,
  runs: number,
): Drawn {
  const turn = drawn.isReversed ? (p: number): number => 1 - p : same;
  const fromBrush = (x: number): number => turn(forth(x));
  const isPlain = forth === same && !drawn.isReversed;
  const places = new Float32Array(runs);
  let hasNone = false;
  for (let i = 0; i < runs; i += 1) {
    const place = isPlain ? at(i) : fromBrush(at(i));
    const isNone = Number.isNaN(place);
    hasNone ||= isNone;
    places[i] = isNone ? NONE : place;
  }
  const ticks = drawn.axis.ticks.map((tick) => ({ ...tick, at: turn(tick.at) }));
  if (hasNone) ticks.push({ at: NONE, label: "none" });
  return { ...drawn, places, ticks, fromBrush, toBrush: (place) => back(turn(place)) };
}

function same(x: number): number {
  return x;
}

function otherScale({ scale, min, max }: Axis): Axis {
  const other = scale === "log" ? "linear" : "log";
  return { scale: other, min, max, values: null, ticks: ticksOf(other, min, max, 5) };
}

/** Without rounding, which would move places. */
function plainNumberAt({ scale, min, max }: Axis, place: number): number {
  return scale === "log" ? min * (max / min) ** place : min + (max - min) * place;
}
