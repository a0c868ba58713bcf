// The pages in a real browser, as exports: in light and dark, wide and narrow, by pointer and by keyboard.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { after, before, test } from "node:test";
import { brush, cost, cpuOf, exported, launch, launchAlone, open } from "./browser.mjs";
import { SEVERAL } from "./fixture.mjs";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const SWEEP = "#/s/uq33ar69";
const PAGES = ["", "/runs", "/runs/7", "/runs/60", "/compare", "/space", "/statistics", "/agents", "/log", "/file"];
const VIEWS = [{ width: 1280, dark: false }, { width: 1280, dark: true }, { width: 390, dark: false }, { width: 390, dark: true }];

let browser;
before(async () => (browser = await launch()));
after(() => browser.close());

/** Waits until nothing is loading. */
async function settle(page) {
  await page.waitForSelector("main h1");
  await page.waitForFunction(() => !document.querySelector("[aria-busy=true]"));
}

/** What axe-core finds wrong with a page. */
async function faults(page) {
  await page.evaluate(axe);
  const tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
  const { violations } = await page.evaluate((values) => window.axe.run({ runOnly: { type: "tag", values } }), tags);
  return violations.map(({ id, nodes }) => `${id}: ${nodes.slice(0, 3).map(({ html }) => html.slice(0, 200)).join(" | ")}`);
}

for (const { width, dark } of VIEWS) {
  test(`all pages are accessible and quiet at ${width} pixels, ${dark ? "dark" : "light"}`, async () => {
    const url = exported(60);
    const found = [];
    for (const path of ["#/", "#/compare?ids=uq33ar69,p61flhzb&over=time", ...PAGES.map((page) => SWEEP + page)]) {
      const { page, problems, close } = await open(browser, url + path, { width, dark });
      await settle(page);
      found.push(...[...(await faults(page)), ...problems].map((fault) => `${path}: ${fault}`));
      const { scroll, client } = await page.evaluate(() => ({ scroll: document.documentElement.scrollWidth, client: document.documentElement.clientWidth }));
      if (scroll > client) found.push(`${path} is ${scroll} wide in ${client}`);
      await close();
    }
    assert.deepEqual(found, []);
  });
}

test("where values are noisy, the best observed and the best expected run are named", async () => {
  for (const [n, names] of [[60, ["Best observed val_loss", "Best expected val_loss"]], [59, ["Best val_loss"]]]) {
    const { page, close } = await open(browser, exported(n) + SWEEP);
    await settle(page);
    const best = page.locator(".figures dt", { hasText: "Best" });
    await page.waitForFunction((count) => document.querySelectorAll(".figures .wide").length === count + 1, names.length);
    assert.deepEqual((await best.allTextContents()).map((text) => text.trim()), names);
    if (n === 60) assert.match(await page.locator(".figures .wide").last().textContent(), /± 0\.0042 in run \d+/);
    await close();
  }
});

test("a sweep with several metrics shows its front in place of the best runs", async () => {
  const { page, problems, close } = await open(browser, exported(SEVERAL) + SWEEP);
  await settle(page);
  const card = page.locator("section", { has: page.locator("#front-title") });
  assert.match(await card.textContent(), /\d+ of \d+ finished runs are on the front; hypervolume 12\.5, up to val_loss [\d.]+, latency_ms 120\. 1 finished run is worse than a threshold\./);
  assert.equal(await page.locator("#best-title").count(), 0);
  assert.match(await page.locator(".sweep-head").textContent(), /minimize val_loss\s+· minimize latency_ms/);
  assert.deepEqual([...(await faults(page)), ...problems], []);
  await close();
});

for (const n of [0, 1]) {
  test(`pages of a sweep with ${n} runs say what to do`, async () => {
    const url = exported(n);
    for (const path of PAGES.filter((path) => !path.startsWith("/runs/"))) {
      const { page, problems, close } = await open(browser, url + SWEEP + path);
      await settle(page);
      assert.deepEqual(await faults(page), [], path);
      assert.equal(await page.locator("main [role=alert]").count(), 0, path);
      assert.deepEqual(problems, [], path);
      await close();
    }
  });
}

/** The driver learns of a new address some time after the page has it. */
async function addressed(page, pattern, read = (href) => href) {
  await page.waitForURL((url) => pattern.test(read(url.href)), { waitUntil: "commit", timeout: 5000 });
}

test("what runs have written is text", async () => {
  const { page, close } = await open(browser, `${exported(60)}${SWEEP}/runs/7`);
  await settle(page);
  assert.match(await page.locator("pre.output").textContent(), /<script>alert\(1\)<\/script>/);
  assert.equal(await page.locator("main script, main td b").count(), 0);
  await close();
});

test("the table is used by keys alone", async () => {
  const { page, close } = await open(browser, `${exported(60)}${SWEEP}/runs`);
  await settle(page);
  for (const key of ["j", "j", "j", "k", "x", "j", "x"]) await page.keyboard.press(key);
  await addressed(page, /sel=2%2C3/);
  await page.keyboard.press("Enter");
  await page.waitForSelector("text=Why this run");
  await addressed(page, /\/runs\/3\?/);
  await page.goBack();
  await page.keyboard.press("/");
  await page.keyboard.type("dropout < 0.1 and state = finished");
  await page.keyboard.press("Escape");
  await page.waitForFunction(() => document.querySelectorAll(".rows .row").length < 20);
  await page.keyboard.press("]");
  await page.waitForSelector("text=What differs");
  await page.keyboard.press("?");
  await page.waitForSelector("dialog[open] kbd");
  assert.deepEqual(await faults(page), []);
  await page.keyboard.press("Escape");
  await page.keyboard.press("[");
  await page.waitForSelector("[role=grid]");
  assert.match(await page.locator("search input").inputValue(), /dropout < 0.1/);
  await close();
});

test("everything is reached by Tab, and a brush is set by keys", async () => {
  const { page, close } = await open(browser, `${exported(60)}${SWEEP}`);
  await settle(page);
  const name = page.locator(".head summary").first();
  for (let i = 0; i < 60 && !(await name.evaluate((node) => node === document.activeElement)); i += 1) await page.keyboard.press("Tab");
  assert.ok(await name.evaluate((node) => node === document.activeElement), "Tab comes to the first axis");
  await page.keyboard.press("Enter");
  const slider = page.locator(".head .panel input[type=range]").first();
  await slider.focus();
  for (let i = 0; i < 40; i += 1) await page.keyboard.press("ArrowLeft");
  await addressed(page, /brush=learning_rate/);
  const [some, all] = (await page.locator(".parallel .legend").first().textContent()).match(/\d+/g).map(Number);
  assert.ok(some < all && all === 60, `${some} of ${all}`);
  await page.keyboard.press("Escape");
  assert.equal(await page.locator(".head details[open]").count(), 0);
  await close();
});

test("a wrong filter says what is wrong, and a link shows what its sender saw", async () => {
  const { page, close } = await open(browser, `${exported(60)}${SWEEP}/runs?filter=${encodeURIComponent("dropot < 1")}`);
  await settle(page);
  assert.equal(await page.locator("#filter-error").textContent(), "column 1: unknown name 'dropot', did you mean 'dropout'?");
  await page.goto(`${exported(60)}${SWEEP}/runs?sort=-dropout&filter=${encodeURIComponent("optimizer = sgd")}&sel=4`);
  await settle(page);
  const dropouts = await page.locator(".rows .row > :nth-child(7)").allTextContents();
  assert.deepEqual(dropouts, [...dropouts].sort((a, b) => b - a));
  assert.equal(await page.locator(".rows .row [title=adamw]").count(), 0);
  await close();
});

test("sweeps are chosen and compared by keys, over runs and over time", async () => {
  const { page, problems, close } = await open(browser, `${exported(60)}#/`);
  await page.waitForSelector(".sweeps .row a");
  for (const key of ["j", "x", "j", "x", "c"]) await page.keyboard.press(key);
  await addressed(page, /compare\?ids=uq33ar69%2Cp61flhzb/);
  await settle(page);
  const names = await page.locator("table tbody td:first-child").allTextContents();
  assert.deepEqual(names, ["digits (uq33ar69)", "digits, first try (p61flhzb)"]);
  await page.getByRole("button", { name: "time" }).click();
  await addressed(page, /over=time/);
  assert.equal(await page.locator(".plot").count(), 2);
  assert.deepEqual(problems, []);
  await close();
});

test("sweeps whose file cannot be read are compared with each other", async () => {
  const change = (all) => ["uq33ar69", "p61flhzb"].forEach((id) => (all[`/v1/sweeps/${id}`].metric = null));
  const url = exported(60, { name: "no-metric", change });
  const { page, problems, close } = await open(browser, `${url}#/compare?ids=uq33ar69,p61flhzb`);
  await settle(page);
  assert.equal(await page.locator("table tbody tr").count(), 2);
  assert.equal(await page.locator(".notice").count(), 0);
  assert.deepEqual(problems, []);
  await close();
});

test("the history is drawn over time, where a run is pointed at by when it ended", async () => {
  const { page, problems, close } = await open(browser, `${exported(60)}${SWEEP}?over=time`);
  await settle(page);
  const plot = page.locator(".plot").first();
  const { x, y, width, height } = await plot.boundingBox();
  const read = async (share) => {
    await page.mouse.move(x + 66 + (width - 78) * share, y + height - 60);
    await page.mouse.move(x + 67 + (width - 78) * share, y + height - 60);
    return page.locator(".readout b").first().textContent({ timeout: 200 }).catch(() => null);
  };
  const found = [];
  for (let share = 0.02; share < 1; share += 0.02) found.push(await read(share));
  const runs = found.filter(Boolean).map((text) => Number(text.replace("run ", "")));
  assert.ok(runs.length > 5, `${runs}`);
  assert.ok(runs.at(-1) > 40 && runs[0] < 20, `${runs}`);
  await page.getByRole("button", { name: "runs" }).first().click();
  await page.waitForFunction(() => !location.hash.includes("over="));
  assert.deepEqual(problems, []);
  await close();
});

test("hidden runs are in no picture and no table, until they are shown again", async () => {
  const { page, close } = await open(browser, `${exported(60)}${SWEEP}/runs?sel=2,3`);
  await settle(page);
  const count = () => page.locator("search .muted").first().textContent();
  assert.equal(await count(), "60 of 60 runs");
  await page.keyboard.press("h");
  await addressed(page, /hide=2%2C3$/);
  assert.equal(await count(), "58 of 60 runs");
  assert.deepEqual((await page.locator(".rows .row a").allTextContents()).slice(0, 3), ["1", "4", "5"]);
  await page.keyboard.press("[");
  assert.equal(await count(), "58 of 60 runs");
  await page.getByText("Show hidden").click();
  assert.equal(await count(), "60 of 60 runs");
  await close();
});

test("a run has the command that enqueues it again", async () => {
  const { page, close } = await open(browser, `${exported(60)}${SWEEP}/runs/7`);
  await settle(page);
  const command = await page.locator(".command code").first().textContent();
  assert.match(command, /^besom enqueue uq33ar69 learning_rate=[\d.e-]+ weight_decay=/);
  assert.doesNotMatch(command, /epochs=/);
  await close();
});

test("axes are turned, hidden and moved, and the view stays in the address", async () => {
  const { page, close } = await open(browser, `${exported(60)}${SWEEP}`);
  await settle(page);
  const menu = page.locator(".head").nth(2);
  await menu.locator("summary").click();
  await menu.getByText("Reverse").click();
  await addressed(page, /axes=learning_rate,weight_decay,-dropout/, decodeURIComponent);
  const box = await page.locator(".head").first().locator("summary").boundingBox();
  await page.mouse.move(box.x + 20, box.y + 8);
  await page.mouse.down();
  await page.mouse.move(box.x + 190, box.y + 8, { steps: 5 });
  await page.mouse.up();
  await addressed(page, /axes=weight_decay,learning_rate,-dropout/, decodeURIComponent);
  await close();
});

test("100,000 runs are brushed and scrolled within their CPU time", async (t) => {
  const { browser: own, pid } = await launchAlone();
  const empty = await open(own, exported(1) + SWEEP);
  await settle(empty.page);
  await empty.close();
  const idle = cpuOf(pid);
  const { page, problems, close } = await open(own, exported(100_000) + SWEEP);
  await page.waitForFunction(() => document.querySelector("canvas.below")?.dataset.ms);
  t.diagnostic(`opened, unpacked and drawn: ${(cpuOf(pid) - idle).toFixed(2)} s of CPU`);
  await page.locator(".parallel").scrollIntoViewIfNeeded();
  await page.waitForTimeout(500);
  const one = await cost(page, pid, () => brush(page, 0, 0.55, 0.75, 1));
  const two = await cost(page, pid, () => brush(page, 2, 0.1, 0.5, 1));
  const many = await cost(page, pid, () => brush(page, 3, 0.2, 0.9, 12));
  t.diagnostic(`a brush: ${one.cpu.toFixed(2)} s, longest frame ${one.frame.toFixed(0)} ms; a second: ${two.cpu.toFixed(2)} s, ${two.frame.toFixed(0)} ms; a third in 12 moves: ${many.cpu.toFixed(2)} s, ${many.frame.toFixed(0)} ms`);
  await page.goto(`${exported(100_000)}${SWEEP}/runs`);
  await page.waitForSelector(".rows .row");
  const scroll = await cost(page, pid, async () => {
    for (let i = 0; i < 10; i += 1) {
      await page.locator("[role=grid]").evaluate((grid, i) => (grid.scrollTop = i * 290_000), i);
      await page.waitForTimeout(20);
    }
  });
  assert.equal(await page.locator(".rows .row").count() < 60, true);
  const sort = await cost(page, pid, () => page.locator("[role=columnheader] button").nth(3).click());
  t.diagnostic(`the table: ten jumps ${scroll.cpu.toFixed(2)} s, sorted ${sort.cpu.toFixed(2)} s`);
  assert.deepEqual(problems, []);
  await close();
  await own.close();
});
