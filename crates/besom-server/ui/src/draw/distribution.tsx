// Which share of runs came to a value or a better one, as the empirical distribution function of each group of runs.

import { createMemo, type JSX } from "solid-js";
import { number } from "../parts/format";
import type { Metric } from "../source/types";
import type { Range } from "./plot";
import { axisOf } from "./scales";
import { type StepLine, StepPlot } from "./steps";

/** A group of runs with their values in rising order. */
export interface Group {
  name: string;
  values: Float64Array;
}

/** More points than this are no finer on any screen. */
const POINTS = 600;

export function Distribution(props: { groups: Group[]; metric: Metric; isLog: boolean; height: number }): JSX.Element {
  const x = createMemo((): Range => {
    const all = joined(props.groups);
    const axis = axisOf(all, props.isLog ? "log" : "linear", props.metric.goal);
    return { min: axis.min, max: axis.max, label: props.metric.name, scale: axis.scale === "log" ? "log" : "linear" };
  });
  const lines = createMemo(() => props.groups.map(({ name, values }) => ({ name, points: pointsOf(values, props.metric), end: x().max })));
  const isLow = (): boolean => props.metric.goal === "minimize";
  return (
    <StepPlot
      label={`Share of runs by ${props.metric.name}: ${props.groups.map(({ name }) => name).join(", ")}`}
      lines={lines()}
      x={x()}
      y={{ min: 0, max: 1, label: isLow() ? "share at or below" : "share at or above" }}
      height={props.height}
      at={(value) => `${props.metric.name} ${number(value)}:`}
    />
  );
}

/** For each value the share of runs that are as good or better. */
function pointsOf(values: Float64Array, { goal }: Metric): StepLine["points"] {
  const n = values.length;
  const isLow = goal === "minimize";
  const count = Math.min(n, POINTS);
  const points = Array.from({ length: count }, (_, k): [number, number] => {
    const i = Math.round(((k + 1) * n) / count) - 1;
    return [values[i], isLow ? (i + 1) / n : (n - i - 1) / n];
  });
  if (!isLow && n > 0) points.unshift([values[0], 1]);
  return points;
}

function joined(groups: Group[]): Float64Array {
  const all = new Float64Array(groups.reduce((sum, { values }) => sum + values.length, 0));
  let at = 0;
  for (const { values } of groups) {
    all.set(values, at);
    at += values.length;
  }
  return all.sort();
}
