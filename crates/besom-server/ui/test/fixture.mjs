// Sweeps made up for tests of the page, in the shapes of the server's answers: always the same for the same number of runs.

import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gunzipSync, gzipSync } from "node:zlib";

const dist = join(dirname(fileURLToPath(import.meta.url)), "../../dist");
const STATES = ["pending", "running", "finished", "stopped", "failed", "crashed", "killed", "preempted"];
const START = Date.UTC(2026, 8, 1, 8);
const STEPS = 27;

/** Where the best value lies on the axis of each parameter. */
const OPTIMUM = [0.62, 0.35, 0.3, 0.7, 0.4, 0.17, 0.9];

/** Mulberry32: numbers between 0 and 1 that only look random. */
function chance(seed) {
  let a = seed;
  return () => {
    a = (a + 0x6d2b79f5) | 0;
    let t = Math.imul(a ^ (a >>> 15), 1 | a);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

const log = (name, min, max, ticks) => ({ name, kind: "number", axis: { scale: "log", min, max, values: null, ticks } });
const linear = (name, min, max, ticks, kind = "number") => ({ name, kind, axis: { scale: "linear", min, max, values: null, ticks } });
const category = (name, values) => ({
  name, kind: "category",
  axis: { scale: "category", min: 0, max: values.length, values, ticks: values.map((v, i) => ({ at: (i + 0.5) / values.length, label: String(v) })) },
});
const decades = (from, to) => Array.from({ length: to - from + 1 }, (_, i) => ({ at: i / (to - from), label: `1e${from + i}` }));
const even = (min, max, n) => Array.from({ length: n + 1 }, (_, i) => ({ at: i / n, label: String(Number((min + ((max - min) * i) / n).toFixed(2))) }));

const PARAMETERS = [
  log("learning_rate", 1e-5, 1e-1, decades(-5, -1)),
  log("weight_decay", 1e-6, 1e-1, decades(-6, -1)),
  linear("dropout", 0, 0.5, even(0, 0.5, 5)),
  linear("hidden", 16, 512, even(16, 512, 4), "integer"),
  category("batch_size", [16, 32, 64, 128]),
  category("optimizer", ["adamw", "sgd", "lion"]),
  linear("momentum", 0, 0.98, even(0, 0.98, 4)),
];

function valueAt({ axis, kind }, place) {
  if (axis.scale === "category") return axis.values[Math.min(axis.values.length - 1, Math.floor(place * axis.values.length))];
  const x = axis.scale === "log" ? axis.min * (axis.max / axis.min) ** place : axis.min + (axis.max - axis.min) * place;
  return kind === "integer" ? Math.round(x) : Number(x.toPrecision(6));
}

/** One run: later ones are nearer to the optimum, as if a model had suggested them. */
function makeRun(i, n, random) {
  const focus = Math.min(0.75, (1.5 * i) / n);
  const places = PARAMETERS.map(({ axis }, p) => {
    const free = random();
    const near = Math.max(0, Math.min(0.9999, OPTIMUM[p] + 0.12 * (random() + random() + random() - 1.5)));
    const place = random() < focus ? near : free;
    return axis.scale === "category" ? (Math.floor(place * axis.values.length) + 0.5) / axis.values.length : place;
  });
  // sgd alone has momentum.
  if (places[5] < 0.34 || places[5] > 0.67) places[6] = NaN;
  const weights = [2.2, 0.25, 0.5, 0.35, 0.12, 0.2, 0.3];
  const off = places.reduce((sum, place, p) => sum + (Number.isNaN(place) ? 0 : weights[p] * (place - OPTIMUM[p]) ** 2), 0);
  const final = 0.043 + off * 0.9 + 0.012 * random() + (places[0] > 0.93 ? 2.3 : 0);
  const luck = random();
  const isLast = i >= n - 3;
  const state = isLast && n > 20 ? "running" : luck < 0.03 ? "failed" : luck < 0.036 ? "crashed" : final > 0.3 && luck < 0.8 ? "stopped" : "finished";
  const steps = state === "finished" ? STEPS : state === "stopped" ? (luck < 0.5 ? 3 : 9) : state === "running" ? 5 + (i % 9) : 1 + (i % 3);
  const speed = 0.12 + 0.25 * random();
  const curve = Array.from({ length: steps }, (_, s) => final + (2.2 - Math.min(2, final)) * Math.exp(-speed * (s + 1)) + 0.008 * (random() - 0.5));
  const agent = i % 4;
  const startedMs = START + Math.floor(i / 4) * 95_000 + agent * 7000;
  return { number: i + 1, places, state, steps, curve, agent, startedMs, endedMs: state === "running" ? null : startedMs + steps * 3100, value: state === "failed" || state === "crashed" ? null : Math.min(...curve) };
}

function columns(runs) {
  const blocks = [];
  const list = [];
  const add = (name, role, type, Kind, of, more = {}) => {
    list.push({ name, role, type, ...more });
    const bytes = Buffer.from(Kind.from(runs, of).buffer);
    blocks.push(bytes, Buffer.alloc((8 - (bytes.length % 8)) % 8));
  };
  PARAMETERS.forEach(({ name, axis }, p) => add(name, "parameter", "f32", Float32Array, (run) => run.places[p], { axis }));
  add("val_loss", "value", "f64", Float64Array, (run) => run.value ?? NaN);
  add("last", "last", "f64", Float64Array, (run) => run.curve.at(-1));
  add("state", "state", "u8", Uint8Array, (run) => STATES.indexOf(run.state), { states: STATES });
  add("attempt", "attempt", "u32", Uint32Array, () => 1);
  add("started", "started_ms", "f64", Float64Array, (run) => run.startedMs);
  add("ended", "ended_ms", "f64", Float64Array, (run) => run.endedMs ?? NaN);
  add("agent", "agent", "u32", Uint32Array, (run) => run.agent);
  add("rows", "rows", "u32", Uint32Array, (run) => run.steps);
  const header = { cursor: String(runs.length), runs: runs.length, agents: AGENTS, columns: list };
  let text = JSON.stringify(header);
  text += " ".repeat((8 - ((4 + Buffer.byteLength(text)) % 8)) % 8);
  const length = Buffer.alloc(4);
  length.writeUInt32LE(Buffer.byteLength(text));
  return Buffer.concat([length, Buffer.from(text), ...blocks]);
}

const AGENTS = ["ada-7f21", "ada-7f22", "grace-03c9", "linus-11ab"];

function trendOf(runs) {
  let best = Infinity;
  const all = runs.flatMap(({ value }) => (value === null ? [] : [(best = Math.min(best, value))]));
  return Array.from({ length: Math.min(32, all.length) }, (_, i, { length } = { length: Math.min(32, all.length) }) => all[Math.floor(((i + 1) * all.length) / length) - 1]);
}

export const TEXT = `# Tunes a small network on handwritten digits.
name: digits
program: train.py
method: bayes
metric:
  name: val_loss
  goal: minimize
parameters:
  learning_rate: {distribution: log_uniform_values, min: 1e-5, max: 1e-1}
  dropout: {min: 0.0, max: 0.5}
  batch_size:
    values: [16, 32, 64, 128]   # powers of two
early_terminate:
  type: hyperband
  min_iter: 3
  eta: 3
run_cap: 60
`;

function summary(id, runs, cap) {
  const counts = Object.fromEntries(STATES.map((state) => [state, runs.filter((run) => run.state === state).length]));
  const best = runs.filter(({ value }) => value !== null).reduce((a, b) => (a && a.value <= b.value ? a : b), null);
  return {
    id, name: "digits", state: runs.length < cap ? "running" : "finished", idle: false, paused_by: null, reason: null, created_ms: START, ended_ms: null, method: "bayes",
    early_terminate: "hyperband", metric: { name: "val_loss", goal: "minimize" }, goals: [{ name: "val_loss", goal: "minimize" }], run_cap: cap, planned: cap, counts, best: best && { run: best.number, value: best.value },
    trend: trendOf(runs), rate_per_hour: runs.length ? 151.6 : null, eta_s: runs.length < cap ? 1830 : null, agents: { alive: runs.length ? 3 : 0, all: runs.length ? 4 : 0 }, labels: { project: "reading", tags: '["paper","night"]' }, controller: null, cursor: String(runs.length),
  };
}

function runAnswer(run) {
  const params = Object.fromEntries(PARAMETERS.flatMap((p, i) => (Number.isNaN(run.places[i]) ? [] : [[p.name, valueAt(p, run.places[i])]])));
  const failed = run.state === "failed";
  const stop = run.state === "stopped" ? { kind: "hyperband", reason: `0.412 after ${run.steps} steps is not among the best third of 21 runs (0.287)`, requested_ms: run.endedMs - 900 } : null;
  const logged = (values) => ({ last: values.at(-1), min: Math.min(...values), max: Math.max(...values), count: values.length });
  return {
    number: run.number, state: run.state, params: { ...params, epochs: STEPS }, value: run.value, last: run.curve.at(-1), best_value: run.value, stop,
    message: failed ? "the program ended with exit code 1" : null, exit_code: failed ? 1 : run.endedMs ? 0 : null, attempt: 1, rows: run.steps, created_ms: run.startedMs - 400, started_ms: run.startedMs, ended_ms: run.endedMs,
    duration_s: run.steps * 3.1, agent: AGENTS[run.agent], logged: { val_loss: logged(run.curve), accuracy: logged(run.curve.map((x) => Math.max(0.1, 1 - x))) }, facts: { host: AGENTS[run.agent].split("-")[0], tags: ["baseline"] },
  };
}

function runDetail(run, best) {
  const sd = 0.03 + 0.1 / run.number;
  const isFirst = run.number <= 8;
  const why = {
    kind: isFirst ? "random" : "model",
    sentence: isFirst ? "One of the first 8 points, which are drawn at random so that the model has something to learn from." : "The Gaussian process expected the largest improvement here, given the runs before.",
    predicted: isFirst ? null : { mean: (run.value ?? 0.2) + sd * ((run.number % 5) - 2) * 0.6, sd }, expected_improvement: isFirst ? null : 0.0123,
    length_scales: isFirst ? null : PARAMETERS.map(({ name }, i) => ({ parameter: name, value: 0.3 + 0.55 * i })), observed: run.value,
  };
  const attempt = { attempt: 1, agent: AGENTS[run.agent], started_ms: run.startedMs, ended_ms: run.endedMs, state: run.state, exit_code: run.endedMs ? 0 : null, message: null, rows: run.steps };
  return { ...runAnswer(run), attempts: [attempt], why, best: best?.number ?? null, note: {} };
}

function curveOf(run, f = (x) => x) {
  return { run: run.number, state: run.state, steps: run.steps, points: run.curve.map((x, s) => [s + 1, f(x), f(x), f(x)]) };
}

function grid(x, y, f) {
  const size = 40;
  const cells = Array.from({ length: y ? size * size : size }, (_, i) => [((i % size) + 0.5) / size, (Math.floor(i / size) + 0.5) / size]);
  return { x: x.axis, ...(y ? { y: y.axis } : {}), grid: size, mean: cells.map(([a, b]) => f(a, b)), sd: cells.map(([a, b]) => 0.02 + 0.12 * ((a - 0.55) ** 2 + (y ? (b - 0.5) ** 2 : 0))), note: null };
}

/** The run that is expected to be the best, where values are noisy. */
function expected(run) {
  const best = run && { run: run.number, value: run.value + 0.0123, sd: 0.0042, noise_sd: 0.02 };
  return { best_expected: best, params: run && runAnswer(run).params };
}

/** The sweep of so many runs has two metrics. */
export const SEVERAL = 58;

/** A front of these runs, the best first, of which every third is on it. */
function frontOf(ranked) {
  const points = ranked.map(({ number, value }, i) => ({ run: number, state: "finished", values: [value, i % 3 === 0 ? 90 - i : 95 + ((i * 7) % 20)], on_front: i % 3 === 0 }));
  const sorted = [...points.filter(({ on_front }) => on_front), ...points.filter(({ on_front }) => !on_front)];
  const runs = sorted.filter(({ on_front }) => on_front).length;
  return { metrics: [{ name: "val_loss", goal: "minimize" }, { name: "latency_ms", goal: "minimize", threshold: 120 }], points: sorted, runs, of: points.length, beyond: 1, hypervolume: 12.5, reference: [ranked.at(-1).value, 120] };
}

/** All answers of a sweep with so many runs, by path. */
export function answers(n, id = "uq33ar69") {
  const random = chance(n + 1);
  const runs = Array.from({ length: n }, (_, i) => makeRun(i, n, random));
  const cap = n > 1 ? n + 20 : 60;
  const base = `/v1/sweeps/${id}`;
  const ranked = runs.filter(({ value }) => value !== null).sort((a, b) => a.value - b.value);
  const best = ranked[0] ?? null;
  const parameters = [...PARAMETERS.map(({ name, kind, axis }) => ({ name, kind, scale: axis.scale, min: axis.min, max: axis.max, values: axis.values, varies: true })), { name: "epochs", kind: "constant", scale: "category", min: null, max: null, values: [STEPS], varies: false }];
  const detail = { ...summary(id, runs, cap), parameters, metrics: ["val_loss", "accuracy"], text: TEXT, file: "sweep.yaml", seed: "12648430", description: "Which small network reads handwritten digits best?", best_params: best && runAnswer(best).params, missing_metric: null };
  if (n === SEVERAL) detail.goals = [...detail.goals, { name: "latency_ms", goal: "minimize" }];
  const few = ranked.slice(0, 200);
  const all = {
    "/v1/sweeps": { sweeps: [summary(id, runs, cap), ...(n === 0 ? [] : [{ ...summary("p61flhzb", runs.slice(0, 12), 12), name: "digits, first try", state: "canceled", method: "random", early_terminate: null, created_ms: START - 86_400_000, agents: { alive: 0, all: 2 } }])] },
    [base]: detail,
    [`${base}/columns`]: columns(runs),
    [`${base}/importance`]: { importance: n < 3 ? [] : PARAMETERS.map(({ name }, i) => ({ parameter: name, value: [0.52, 0.04, 0.13, 0.09, 0.03, 0.05, 0.02][i], interactions: [0.06, 0.01, 0.02, 0.03, 0, 0.01, 0][i] })), samples: n, note: n < 3 ? "Importance needs at least 3 finished runs." : null },
    [`${base}/curves?metric=val_loss&runs=best:200&buckets=200`]: { metric: "val_loss", curves: few.map((run) => curveOf(run)) },
    [`${base}/curves?metric=accuracy&runs=best:200&buckets=200`]: { metric: "accuracy", curves: few.map((run) => curveOf(run, (x) => Math.max(0.1, 1 - x))) },
    [`${base}/stopper`]: { rule: "hyperband", thresholds: [{ step: 3, value: 0.92 }, { step: 9, value: 0.31 }], sentence: "hyperband stops a run after 3 and 9 steps unless it is among the best third of all runs there." },
    [`${base}/calibration`]: { points: runs.filter(({ value }, i) => value !== null && i > 8 && i < 400).map((run) => ({ run: run.number, predicted: run.value + 0.05 * Math.sin(run.number * 7.3), sd: 0.03 + 0.02 * Math.cos(run.number) ** 2, observed: run.value })) },
    [`${base}/front`]: { front: n === SEVERAL ? frontOf(ranked) : null },
    [`${base}/expected`]: expected(n === 60 ? (ranked[1] ?? null) : null),
    [`${base}/timeline`]: { agents: n === 0 ? [] : AGENTS.map((name, a) => ({ name, host: name.split("-")[0], idle_share: 0.06 * a + 0.04, spans: runs.filter(({ agent }) => agent === a).slice(-300).map((run) => ({ run: run.number, attempt: 1, from_ms: run.startedMs, to_ms: run.endedMs, state: run.state })) })) },
    [`${base}/agents`]: { agents: n === 0 ? [] : AGENTS.map((name, a) => ({ name, host: name.split("-")[0], run: a < 3 && n > 20 ? n - a : null, seen_ms_ago: a < 3 ? 1200 + 900 * a : 320_000, alive: a < 3, left: false, draining: a === 1, failures_in_a_row: a === 2 ? 4 : 0, runs_done: Math.floor(n / 4) })) },
    [`${base}/events?after=0&limit=1000`]: { events: [{ seq: "1", at_ms: START, run: null, kind: "created", detail: { method: "bayes" }, by: "ada" }, ...runs.slice(0, 60).flatMap((run, i) => [{ seq: String(2 + 2 * i), at_ms: run.startedMs, run: run.number, kind: "claimed", detail: { agent: AGENTS[run.agent] } }, { seq: String(3 + 2 * i), at_ms: run.endedMs ?? run.startedMs + 1, run: run.number, kind: run.state, detail: { best: run.value } }])], more: false },
  };
  addModel(all, base, n);
  if (n > 0) addFirstTry(all, detail, runs.slice(0, 12));
  for (const run of [...new Set([...runs.slice(0, 60), ...runs.slice(-5), ...few.slice(0, 40)])]) addRun(all, base, run, best);
  return { now: START + Math.ceil(n / 4) * 95_000 + 60_000, answers: all };
}

/** Another sweep of the store, to compare with. */
function addFirstTry(all, detail, runs) {
  const found = all["/v1/sweeps"].sweeps.at(-1);
  all[`/v1/sweeps/${found.id}`] = { ...detail, ...found };
  all[`/v1/sweeps/${found.id}/columns`] = columns(runs.map((run) => ({ ...run, value: run.value && run.value * 1.3 })));
}

function addModel(all, base, n) {
  const empty = { mean: [], sd: [], note: "The model needs at least 3 finished runs." };
  PARAMETERS.forEach((x, i) => {
    const slice = grid(x, null, (a) => 0.08 + 1.6 * (a - OPTIMUM[i]) ** 2);
    all[`${base}/slice?x=${x.name}`] = n < 3 ? { ...slice, ...empty } : slice;
    PARAMETERS.forEach((y, j) => {
      if (i === j) return;
      const surface = grid(x, y, (a, b) => 0.08 + 1.6 * (a - OPTIMUM[i]) ** 2 + 0.7 * (b - OPTIMUM[j]) ** 2 + 0.3 * (a - 0.5) * (b - 0.5));
      all[`${base}/surface?x=${x.name}&y=${y.name}`] = n < 3 ? { ...surface, ...empty } : surface;
    });
  });
}

function addRun(all, base, run, best) {
  const path = `${base}/runs/${run.number}`;
  all[path] = runDetail(run, best);
  all[`${path}/rows?after=0&limit=50`] = { rows: run.curve.map((x, s) => ({ seq: s + 1, epoch: s + 1, val_loss: x, accuracy: Math.max(0.1, 1 - x), note: "<b>&amp;</b>" })), more: false };
  all[`${path}/events?after=0&limit=1000`] = { events: [{ seq: "9", at_ms: run.startedMs, run: run.number, kind: "claimed", detail: { agent: AGENTS[run.agent] } }], more: false };
  const text = run.curve.map((x, s) => `epoch ${s + 1}: val_loss ${x.toFixed(4)} <script>alert(1)</script>\n`).join("");
  all[`${path}/output?attempt=1`] = { head: text, tail: "", missing: 0, total: Buffer.byteLength(text), attempt: 1, attempts: 1 };
  if (best && best !== run) all[`${base}/curves?metric=val_loss&runs=${run.number},${best.number}&buckets=200`] = { metric: "val_loss", curves: [curveOf(run), curveOf(best)] };
}

/** The page of an export with these answers. */
export function exportPage(all) {
  const bytes = Object.entries(all.answers).map(([path, answer]) => [path, Buffer.isBuffer(answer) ? answer : Buffer.from(JSON.stringify(answer))]);
  let at = 0;
  const parts = Object.fromEntries(bytes.map(([path, { length }]) => [path, [(at += length) - length, length]]));
  const index = Buffer.from(JSON.stringify({ at_ms: all.now, parts }));
  const size = Buffer.alloc(4);
  size.writeUInt32LE(index.length);
  const data = gzipSync(Buffer.concat([size, index, ...bytes.map(([, b]) => b)]), { level: 6 }).toString("base64");
  return fill(data);
}

/** The template with its parts, as the server fills it. */
function fill(data) {
  const list = readFileSync(join(dist, "files.rs"), "utf8");
  const part = (end) => gunzipSync(readFileSync(join(dist, /"([^"]+)"\) },$/.exec(list.split("\n").find((line) => line.includes(end)))[1]))).toString();
  const parts = { style: part("/style."), worker: part("/worker."), app: part("/app."), data };
  return readFileSync(join(dist, "export.html"), "utf8").replace(/\{\{(\w+)\}\}/g, (_, name) => parts[name]);
}
