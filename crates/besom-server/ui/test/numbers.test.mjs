// What the pages compute by themselves: rank correlations, and the best so far.

import assert from "node:assert/strict";
import { test } from "node:test";
import { createServer } from "vite";

const vite = await createServer({ configFile: false, root: new URL("..", import.meta.url).pathname, server: { middlewareMode: true, hmr: false, watch: null }, appType: "custom", logLevel: "error" });
const { correlations, ranks } = await vite.ssrLoadModule("/src/ranks.ts");
const { bestOf, bestSoFar } = await vite.ssrLoadModule("/src/best.ts");
await vite.close();

const rows = (n) => Uint32Array.from({ length: n }, (_, i) => i);
const column = (values) => ({ name: "x", of: (row) => values[row] });
const spearman = (a, b) => correlations([column(a), column(b)], rows(a.length))[1][0];

test("equal values share the mean of their ranks", () => {
  assert.deepEqual([...ranks(Float64Array.from([3, 1, 3, 2]))], [2.5, 0, 2.5, 1]);
});

test("only the order counts, ties included", () => {
  assert.equal(spearman([1, 2, 3, 4], [1, 10, 100, 1000]), 1);
  assert.equal(spearman([1, 2, 3, 4], [4, 3, 2, 1]), -1);
  // Pearson's correlation of the ranks 0, 1.5, 1.5, 3, 4 and 1, 0, 4, 2.5, 2.5.
  assert.ok(Math.abs(spearman([1, 2, 2, 4, 5], [3, 1, 5, 4, 4]) - 7 / 19) < 1e-12);
});

test("runs that lack one of two say nothing about the pair, and what does not vary has no correlation", () => {
  assert.equal(spearman([1, NaN, 2, 3], [3, 9, 2, 1]), -1);
  assert.ok(Number.isNaN(spearman([1, 1, 1, 1], [1, 2, 3, 4])));
  assert.ok(Number.isNaN(spearman([1, NaN, NaN, 3], [3, 9, 2, 1])));
});

test("a failed run is never the best so far, and the best ones are those of a full sort", () => {
  const value = Float64Array.from([5, 1, NaN, 4, 4, 2]);
  const history = { value, stateOf: (row) => (row === 1 ? "failed" : "finished") };
  assert.deepEqual(bestSoFar(history, "minimize", rows(6)), [{ row: 0, value: 5 }, { row: 3, value: 4 }, { row: 5, value: 2 }]);
  assert.deepEqual(bestSoFar(history, "maximize", [2, 5, 3, 4]), [{ row: 5, value: 2 }, { row: 3, value: 4 }]);
  assert.deepEqual([...bestOf(new Uint8Array(6).fill(1), value, "minimize", 3)], [1, 5, 3]);
  assert.deepEqual([...bestOf(new Uint8Array(6).fill(1), value, "maximize", 2)], [0, 3]);
});
