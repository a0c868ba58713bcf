// The page's filters mean what `besom runs --where` means: both are held to the table of besom-core.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { createServer } from "vite";

const table = JSON.parse(readFileSync(new URL("../../../besom-core/tests/conditions.json", import.meta.url), "utf8"));
const vite = await createServer({ configFile: false, root: new URL("..", import.meta.url).pathname, server: { middlewareMode: true, hmr: false, watch: null }, appType: "custom", logLevel: "error" });
const { parse } = await vite.ssrLoadModule("/src/condition/parse.ts");
const { compile } = await vite.ssrLoadModule("/src/condition/evaluate.ts");
const { parseFilter } = await vite.ssrLoadModule("/src/condition/filter.ts");
await vite.close();

const names = (name) => () => table.run[name];

function check(read, { holds, errors }) {
  for (const [text, expected] of holds) assert.equal(compile(read(text), names)(0) ?? null, expected, text);
  for (const [text, message] of errors) assert.throws(() => read(text), { message }, text);
}

test("conditions hold as the table says", () => check((text) => parse(text, false), table));

test("filters hold as the table says", () => check((text) => parseFilter(text, table.filter.known), table.filter));

test("any text is read or refused at a place within it", () => {
  const parts = ["a", "not ", "in ", "or ", "and ", "1", "(", ")", "<", "=", "[", "]", ",", "'", "`", " ", "é", "**", "."];
  for (let i = 0; i < 20_000; i += 1) {
    const text = Array.from({ length: i % 12 }, (_, k) => parts[(i * 7919 + k * 104_729 + ((i * k) >> 3)) % parts.length]).join("");
    try {
      compile(parse(text, i % 2 === 0), () => () => 1)(0);
    } catch (error) {
      assert.ok(error.at >= 0 && error.at <= Array.from(text).length, text);
    }
  }
});
