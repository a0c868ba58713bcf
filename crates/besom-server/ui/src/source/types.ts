// The shapes of the server's answers; docs/guide/http.md describes them.

export type RunState = "pending" | "running" | "finished" | "stopped" | "failed" | "crashed" | "killed" | "preempted";
export type SweepState = "pending" | "running" | "paused" | "finished" | "canceled";
export type Goal = "minimize" | "maximize";
export type Value = string | number | boolean | null | Value[] | { [key: string]: Value };
export type Params = Record<string, Value>;
export type Counts = Record<RunState, number>;

export interface Best {
  run: number;
  value: number;
}

/** What a sweep optimizes. */
export interface Metric {
  name: string;
  goal: Goal;
}

export interface Summary {
  id: string;
  name: string | null;
  state: SweepState;
  idle: boolean;
  paused_by: string | null;
  reason: string | null;
  created_ms: number;
  ended_ms: number | null;
  method: string | null;
  early_terminate: string | null;
  metric: Metric | null;
  /** All metrics, `metric` first. */
  goals: Metric[];
  run_cap: number | null;
  /** How many runs the sweep will have: the cap, or the size of the grid. */
  planned: number | null;
  counts: Counts;
  best: Best | null;
  trend: number[];
  rate_per_hour: number | null;
  eta_s: number | null;
  agents: { alive: number; all: number };
  labels: Record<string, string>;
  controller: string | null;
  cursor: string;
}

export interface Parameter {
  name: string;
  kind: "number" | "integer" | "category" | "constant";
  scale: Scale;
  min: number | null;
  max: number | null;
  values: Value[] | null;
  varies: boolean;
}

export interface Detail extends Summary {
  parameters: Parameter[];
  metrics: string[];
  text: string;
  file: string | null;
  seed: string;
  description: string | null;
  best_params: Params | null;
  missing_metric: string | null;
}

/** The run that is expected to be the best, where values are noisy. */
export interface Expected {
  best_expected: { run: number; value: number; sd: number; noise_sd: number } | null;
  params: Params | null;
}

/** A run by its values, one per metric. */
export interface FrontPoint {
  run: number;
  state: "finished" | "running";
  values: number[];
  on_front: boolean;
}

/** The front of a sweep with several metrics; its runs come first among the points, in the order of the first metric. */
export interface Front {
  metrics: Metric[];
  points: FrontPoint[];
  runs: number;
  of: number;
  beyond: number;
  hypervolume: number | null;
  reference: number[];
}

export type Scale = "linear" | "log" | "category" | "quantile";

/** Where the values of a parameter lie between 0 and 1. On a scale of quantiles `min` and `max` lie at 0.01 and 0.99. */
export interface Axis {
  scale: Scale;
  min: number;
  max: number;
  values: Value[] | null;
  ticks: { at: number; label: string; value?: Value }[];
}

/** One run of an event of `/watch`. */
export interface RunChange {
  number: number;
  state: RunState;
  value: number | null;
  last: number | null;
  attempt: number;
  rows: number;
  started_ms: number | null;
  ended_ms: number | null;
  agent: string | null;
  places?: (number | null)[];
  stop: string | null;
}

/** An event of `/watch`. */
export interface Changes {
  upto: string;
  state: SweepState;
  idle: boolean;
  reason: string | null;
  paused_by: string | null;
  counts: Counts;
  best: Best | null;
  agents: { alive: number; all: number };
  eta_s: number | null;
  rate_per_hour: number | null;
  runs: RunChange[];
}

export interface Logged {
  last: Value;
  min: number | null;
  max: number | null;
  count: number;
}

/** Why an attempt failed, as far as its agent knew. */
export type Failure = "out_of_memory" | "time_limit" | "not_finite" | "error" | "signal" | "lost_agent" | "machine";

export interface Run {
  number: number;
  state: RunState;
  params: Params;
  value: number | null;
  last: number | null;
  best_value: number | null;
  stop: { kind: string; reason: string | null; requested_ms: number } | null;
  message: string | null;
  exit_code: number | null;
  failure: Failure | null;
  attempt: number;
  rows: number;
  created_ms: number;
  started_ms: number | null;
  ended_ms: number | null;
  duration_s: number | null;
  agent: string | null;
  logged: Record<string, Logged>;
  facts: Record<string, Value>;
}

export interface Attempt {
  attempt: number;
  agent: string | null;
  started_ms: number;
  ended_ms: number | null;
  state: RunState;
  exit_code: number | null;
  failure: Failure | null;
  message: string | null;
  rows: number;
}

/** What the search method noted when it suggested a run. */
export interface Why {
  kind: string;
  sentence: string | null;
  predicted: { mean: number; sd: number } | null;
  expected_improvement: number | null;
  /** Null is as long as can be: the parameter does not matter. */
  length_scales: { parameter: string; value: number | null }[] | null;
  observed: number | null;
}

export interface RunDetail extends Run {
  /** How a failed run counts in the search; null if it has not failed, or the method does not learn from runs. */
  counts?: { left_out: boolean; why: string } | null;
  attempts: Attempt[];
  why: Why | null;
  best: number | null;
  note: Value;
}

export interface Output {
  head: string;
  tail: string;
  /** Bytes between the two that are not kept. */
  missing: number;
  total: number;
  attempt: number;
  attempts: number;
}

export interface Row {
  seq: number;
  [key: string]: Value;
}

export interface LogEvent {
  seq: string;
  at_ms: number;
  run: number | null;
  kind: string;
  detail: Value;
  by?: string | null;
}

/** A learning curve in buckets; a point is its step, its least, its greatest and its last value. */
export interface Curve {
  run: number;
  state: RunState;
  steps: number;
  points: [number, number | null, number | null, number | null][];
}

export interface Importance {
  /** The value is the whole share; a part of it are interactions with others. */
  importance: { parameter: string; value: number; interactions?: number | null }[];
  samples: number;
  note: string | null;
}

/** The model's mean and standard deviation: over x, or over x and y with x as the fast one. */
export interface Surface {
  x: Axis;
  y?: Axis;
  grid: number;
  mean: (number | null)[];
  sd: (number | null)[];
  note: string | null;
}

export interface Calibration {
  points: { run: number; predicted: number; sd: number; observed: number }[];
}

export interface Stopper {
  rule: string;
  thresholds: { step: number; value: number }[];
  sentence: string;
}

export interface Timeline {
  agents: {
    name: string;
    host: string | null;
    spans: { run: number; attempt: number; from_ms: number; to_ms: number | null; state: RunState }[];
    idle_share: number | null;
  }[];
}

export interface Agent {
  name: string;
  host: string | null;
  run: number | null;
  seen_ms_ago: number;
  alive: boolean;
  left: boolean;
  draining: boolean;
  failures_in_a_row: number;
  runs_done: number;
}

export interface Agents {
  agents: Agent[];
}
