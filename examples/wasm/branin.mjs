// Runs a sweep of Branin's function in WebAssembly: node branin.mjs MODULE.wasm
import { readFile } from "node:fs/promises";
import assert from "node:assert/strict";

const module = await WebAssembly.compile(await readFile(process.argv[2]));
assert.deepEqual(WebAssembly.Module.imports(module), [], "the module needs nothing of its loader");
const besom = (await WebAssembly.instantiate(module, {})).exports;

/** The buffer, this long; looked up each time, because the memory moves when it grows. */
function buffer(length) {
  const start = besom.buffer(length);
  return new Uint8Array(besom.memory.buffer, start, length);
}

/** The text that a function of the module left in the buffer, as long as it returned. */
function left(length) {
  return new TextDecoder().decode(buffer(length));
}

function answer(length) {
  const value = length ? JSON.parse(left(length)) : undefined;
  if (value?.error) throw new Error(value.error);
  return value;
}

function begin(config) {
  const text = new TextEncoder().encode(JSON.stringify(config));
  buffer(text.length).set(text);
  const problems = besom.begin();
  if (problems) throw new Error(left(problems));
}

function branin(x, y) {
  const valley = y - (5.1 / (4 * Math.PI ** 2)) * x ** 2 + (5 / Math.PI) * x - 6;
  return valley ** 2 + 10 * (1 - 1 / (8 * Math.PI)) * Math.cos(x) + 10;
}

// JSON has one type of numbers: say that these are not whole.
const uniform = (min, max) => ({ distribution: "uniform", min, max });
assert.throws(
  () => begin({ method: "bayes", metric: { name: "loss" }, parameters: { x: uniform(5, -5) } }),
  /parameters\.x/,
);
begin({
  method: "bayes",
  metric: { name: "loss", goal: "minimize" },
  parameters: { x: uniform(-5, 10), y: uniform(0, 15) },
  early_terminate: { type: "hyperband", min_iter: 1, eta: 2 },
  run_cap: 40,
  seed: 7,
});
let [runs, stopped] = [0, 0];
for (let next; (next = answer(besom.ask())); runs++) {
  const { run, params } = next;
  const loss = branin(params.x, params.y);
  // A training of four epochs that improves, unless it is stopped.
  let [epoch, stop] = [1, undefined];
  for (; epoch < 4 && !stop; epoch++) stop = answer(besom.report(run, loss + 8 / epoch));
  if (stop) stopped++;
  answer(besom.tell(run, stop ? loss + 8 / epoch : loss));
}
const best = answer(besom.best());
console.log(`${runs} runs, ${stopped} stopped early, best:`, best);
assert.equal(runs, 40);
assert(stopped > 5);
assert(best.value < 0.45, "near one of the three minima, 0.3979");
