// Curves of several runs over their steps; a bucket of many steps is a band from its least to its greatest value.

import { createMemo, createSignal, type JSX } from "solid-js";
import type { Curve, Goal, Stopper } from "../source/types";
import { isDark, series, type Theme } from "./palette";
import { Plot, type Range, type Region } from "./plot";
import { colorOf } from "./shades";

interface Props {
  curves: Curve[];
  metric: string;
  goal: Goal;
  isLog: boolean;
  height: number;
  thresholds: Stopper["thresholds"];
  /** Runs that stand out. */
  strong: number[];
  /** Runs in the order of the colors of series, if all stand out. */
  order?: number[];
  near?: (run: number | null) => void;
  click?: () => void;
}

/** More thresholds than this are one line. */
const MANY = 12;

export function CurvePlot(props: Props): JSX.Element {
  const [near, setNear] = createSignal<number | null>(null);
  const ranges = createMemo(() => rangesOf(props.curves, props.thresholds, props.metric, props.isLog, props.goal));
  const paint = createMemo(() => {
    const { curves, thresholds, goal } = props;
    const strong = new Set([...props.strong, ...(near() !== null ? [near()!] : [])]);
    const dark = isDark();
    const ranks = ranksOf(curves, goal);
    return (context: CanvasRenderingContext2D, region: Region, colors: Theme): void => {
      const { order } = props;
      const isStrong = (curve: Curve): boolean => order !== undefined || strong.has(curve.run);
      curves.forEach((curve, i) => {
        if (isStrong(curve)) return;
        paintCurve(context, region, curve, colorOf(ranks[i], dark), 1.3, 0.75);
      });
      for (const curve of curves) {
        const color = order ? series(order.indexOf(curve.run)) : colors.best;
        if (isStrong(curve)) paintCurve(context, region, curve, color, strong.has(curve.run) ? 3.4 : 2.2, 1);
      }
      paintThresholds(context, region, thresholds, colors);
    };
  });
  const point = (at: { x: number; y: number } | null, region: Region): void => {
    const found = at && nearestCurve(props.curves, region, at);
    setNear(found);
    props.near?.(found);
  };
  return (
    <Plot
      label={`Learning curves: ${props.metric} over steps of ${props.curves.length} runs`}
      x={ranges().x}
      y={ranges().y}
      height={props.height}
      paint={paint()}
      point={point}
      click={() => props.click?.()}
    />
  );
}

function rangesOf(curves: Curve[], thresholds: Stopper["thresholds"], metric: string, isLog: boolean, goal: Goal): { x: Range; y: Range } {
  const values = curves.flatMap(({ points }) => points.flatMap(([, min, max]) => [min, max]));
  const known = values.filter((v): v is number => v !== null && Number.isFinite(v) && (!isLog || v > 0)).sort((a, b) => a - b);
  let [min, max] = known.length > 0 ? [known[0], known[known.length - 1]] : [0, 1];
  // The first steps of a bad run may be a hundred times worse than all that matters.
  if (!isLog && known.length > 20) {
    const at = (share: number): number => known[Math.floor(share * (known.length - 1))];
    const reach = 2 * (at(0.9) - at(0.1)) || max - min;
    if (goal === "minimize") max = Math.min(max, at(0.9) + reach);
    else min = Math.max(min, at(0.1) - reach);
  }
  for (const { value } of thresholds) [min, max] = [Math.min(min, value), Math.max(max, value)];
  const last = Math.max(2, ...curves.map(({ points }) => points.at(-1)?.[0] ?? 1));
  const margin = isLog ? 0 : (max - min) * 0.04 || 0.5;
  const y: Range = { min: min - margin, max: max + margin, label: metric, scale: isLog ? "log" : "linear" };
  if (isLog && min === max) [y.min, y.max] = [min / 2, max * 2];
  return { x: { min: 0, max: last * 1.02, label: "step" }, y };
}

/** By their last values, 63 for the best. */
function ranksOf(curves: Curve[], goal: Goal): number[] {
  const last = curves.map(({ points }) => points.at(-1)?.[3] ?? NaN);
  const order = last.filter((v) => !Number.isNaN(v)).sort((a, b) => (goal === "minimize" ? b - a : a - b));
  return last.map((v) => Math.max(0, Math.round((63 * order.indexOf(v)) / Math.max(1, order.length - 1))));
}

function paintCurve(context: CanvasRenderingContext2D, region: Region, curve: Curve, color: string, width: number, alpha: number): void {
  const { points } = curve;
  context.strokeStyle = context.fillStyle = color;
  context.lineWidth = width * region.ratio;
  context.lineJoin = "round";
  if (points.some(([, min, max]) => min !== max)) paintBand(context, region, points);
  context.globalAlpha = alpha;
  context.beginPath();
  let isDrawing = false;
  for (const [step, , , last] of points) {
    if (last === null) isDrawing = false;
    else if (isDrawing) context.lineTo(region.x(step), region.y(last));
    else {
      context.moveTo(region.x(step), region.y(last));
      isDrawing = true;
    }
  }
  context.stroke();
  paintEnd(context, region, curve, width + 1.5);
  context.globalAlpha = 1;
}

function paintBand(context: CanvasRenderingContext2D, region: Region, points: Curve["points"]): void {
  const known = points.filter(([, min, max]) => min !== null && max !== null) as [number, number, number, number][];
  context.globalAlpha = 0.15;
  context.beginPath();
  for (const [step, min] of known) context.lineTo(region.x(step), region.y(min));
  for (const [step, , max] of known.toReversed()) context.lineTo(region.x(step), region.y(max));
  context.fill();
}

/** A square where a rule stopped the run, a dot where it stands or ended. */
function paintEnd(context: CanvasRenderingContext2D, region: Region, { points, state }: Curve, size: number): void {
  const end = points.at(-1);
  if (!end || end[3] === null) return;
  const [x, y, r] = [region.x(end[0]), region.y(end[3]), size * region.ratio];
  context.beginPath();
  if (state === "stopped") context.rect(x - r, y - r, 2 * r, 2 * r);
  else context.arc(x, y, r * 0.8, 0, 2 * Math.PI);
  context.fill();
}

function paintThresholds(context: CanvasRenderingContext2D, region: Region, thresholds: Stopper["thresholds"], colors: Theme): void {
  context.lineCap = "round";
  for (const [color, width] of [
    [colors.surface, 7],
    [colors.threshold, 3],
  ] as const) {
    context.strokeStyle = color;
    context.lineWidth = width * region.ratio;
    if (thresholds.length > MANY) {
      context.beginPath();
      for (const { step, value } of thresholds) context.lineTo(region.x(step), region.y(value));
      context.stroke();
    }
    for (const { step, value } of thresholds.length > MANY ? [] : thresholds) {
      const [x, y, half] = [region.x(step), region.y(value), 18 * region.ratio];
      context.beginPath();
      context.moveTo(x - half, y);
      context.lineTo(x + half, y);
      context.stroke();
    }
  }
  context.lineCap = "butt";
}

function nearestCurve(curves: Curve[], region: Region, at: { x: number; y: number }): number | null {
  let [found, least] = [null as number | null, (14 * region.ratio) ** 2];
  for (const { run, points } of curves) {
    for (let i = 0; i < points.length; i += 1) {
      const distance = distanceTo(points[i], points[i + 1] ?? points[i], region, at);
      if (distance < least) [found, least] = [run, distance];
    }
  }
  return found;
}

/** The square of the distance to the line between two points. */
function distanceTo(a: Curve["points"][number], b: Curve["points"][number], region: Region, at: { x: number; y: number }): number {
  if (a[3] === null || b[3] === null) return Infinity;
  const [ax, ay] = [region.x(a[0]), region.y(a[3])];
  const [dx, dy] = [region.x(b[0]) - ax, region.y(b[3]) - ay];
  const t = Math.max(0, Math.min(1, ((at.x - ax) * dx + (at.y - ay) * dy) / (dx * dx + dy * dy || 1)));
  return (ax + t * dx - at.x) ** 2 + (ay + t * dy - at.y) ** 2;
}
