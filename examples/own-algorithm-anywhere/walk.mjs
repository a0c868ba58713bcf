// A search method in JavaScript, as a program that speaks ask-tell: one JSON request a line in, one reply a line out. It needs no besom.
// Half of the time it steps from the best run so far, else it draws from the whole space.
import readline from "node:readline";

const state = { space: [], sign: 1, seed: 0, runs: new Map(), next: 1 };

/** A generator for one run: a function of seed and number, never of earlier draws. */
function generator(seed, number) {
  let x = (Math.imul(seed, 0x9e3779b1) ^ Math.imul(number, 0x85ebca6b)) >>> 0;
  return () => {
    x = (x + 0x6d2b79f5) >>> 0;
    let t = Math.imul(x ^ (x >>> 15), x | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

const KNOWN = ["uniform", "q_uniform", "log_uniform_values", "q_log_uniform_values", "int_uniform", "categorical", "constant"];
const isLog = (p) => p.distribution?.endsWith("log_uniform_values");

/** From [0, 1) to a value of the parameter, and back. */
function decode(p, u) {
  if ("value" in p) return p.value;
  if (p.values) return p.values[Math.floor(u * p.values.length)];
  if (p.distribution === "int_uniform") return p.min + Math.floor(u * (p.max - p.min + 1));
  const x = isLog(p) ? p.min * (p.max / p.min) ** u : p.min + u * (p.max - p.min);
  return Math.min(Math.max(p.q ? Math.round(x / p.q) * p.q : x, p.min), p.max);
}

function encode(p, value) {
  if ("value" in p) return 0;
  if (p.values) return (p.values.findIndex((v) => v === value) + 0.5) / p.values.length;
  if (p.distribution === "int_uniform") return (value - p.min + 0.5) / (p.max - p.min + 1);
  return isLog(p) ? Math.log(value / p.min) / Math.log(p.max / p.min) : (value - p.min) / (p.max - p.min);
}

/** The answer depends on seed, history and number alone. */
function suggest(number) {
  const random = generator(state.seed, number);
  const valued = [...state.runs.values()].filter((run) => run.value !== null);
  const best = valued.reduce((a, b) => (a && a.value <= b.value ? a : b), undefined);
  const local = best !== undefined && random() < 0.5;
  const params = {};
  for (const [name, p] of state.space) {
    const u = local ? encode(p, best.params[name]) + 0.1 * (random() - random()) : random();
    params[name] = decode(p, Math.min(Math.max(u, 0), 1 - 2 ** -40));
  }
  return params;
}

function start({ config, seed }) {
  const foreign = Object.values(config.parameters).find((p) => p.distribution && !KNOWN.includes(p.distribution));
  if (foreign) return { error: `cannot serve ${foreign.distribution}` };
  const sign = config.metric?.goal === "maximize" ? -1 : 1;
  Object.assign(state, { space: Object.entries(config.parameters), sign, seed: seed ?? 0, runs: new Map(), next: 1 });
  return { ok: true };
}

function ask(count) {
  const suggestions = Array.from({ length: count }, () => {
    const id = String(state.next);
    const params = suggest(state.next++);
    return { id, params };
  });
  return { suggestions };
}

function tell(results) {
  for (const { id, params, value } of results) {
    // A run that another program suggested: its number is used up, too.
    if (!(Number(id) < state.next)) state.next++;
    state.runs.set(id, { params, value: Number.isFinite(value) ? state.sign * value : null });
  }
  return { ok: true };
}

function reply(request) {
  if (request.config) return start(request);
  if (request.ask) return ask(request.ask);
  if (request.tell) return tell(request.tell);
  if (request.report) return { stop: [] };
  return { error: "a request must hold one of config, ask, tell, report, quit" };
}

for await (const line of readline.createInterface({ input: process.stdin })) {
  const request = JSON.parse(line);
  if (request.quit) break;
  console.log(JSON.stringify(reply(request)));
}
