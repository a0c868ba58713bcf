// What the pages cost a browser, in seconds of CPU of all its processes: node test/measure.mjs [RUNS.. | LINK]
//
// With numbers, of exports with so many made-up runs; with the link that besom serve prints, of every sweep of its store.

import { brush, cost, cpuOf, exported, launchAlone, open } from "./browser.mjs";

const TICK_MS = 100;
const SWEEP = "#/s/uq33ar69";
const words = process.argv.slice(2);
const link = words[0]?.startsWith("http") ? words[0] : null;
const { browser, pid } = await launchAlone();

/** Waits until the browser has done nothing for a while; returns the CPU seconds until then. */
async function quiet(from) {
  let [last, still] = [cpuOf(pid), 0];
  while (still < 5) {
    await new Promise((done) => setTimeout(done, TICK_MS));
    const now = cpuOf(pid);
    still = now - last <= 0.01 ? still + 1 : 0;
    last = now;
  }
  return last - from;
}

async function drawn(page) {
  await page.waitForFunction(() => document.querySelector("canvas.below")?.dataset.ms && !document.querySelector("[aria-busy=true]"), null, { timeout: 120_000 });
}

/** What is waited for without any brush: the driver's own calls, and frames without a change. */
async function nothing(page) {
  await page.locator(".grip").nth(0).boundingBox();
}

async function measure(name, base, sweep) {
  const { page, close } = await open(browser, base);
  await page.waitForSelector(".sweeps .row a", { timeout: 120_000 });
  await quiet(0);
  const before = cpuOf(pid);
  const data = link && page.waitForEvent("requestfinished", (request) => request.url().endsWith("/columns")).then(() => cpuOf(pid));
  await page.evaluate((to) => void (location.hash = to), sweep);
  await drawn(page);
  const painted = cpuOf(pid) - (data ? await data : before);
  await quiet(0);
  const reload = cpuOf(pid);
  await page.reload();
  await drawn(page);
  const all = await quiet(reload);
  await page.locator(".parallel").scrollIntoViewIfNeeded();
  await quiet(0);
  const idle = await cost(page, pid, () => nothing(page));
  const brushes = [];
  for (const [axis, from, to] of [[0, 0.55, 0.75], [1, 0.1, 0.5], [2, 0.2, 0.9], [0, 0.3, 0.6], [1, 0.4, 0.9]]) brushes.push(await cost(page, pid, () => brush(page, axis, from, to, 1)));
  const moving = await cost(page, pid, () => brush(page, 2, 0.05, 0.95, 12));
  const s = (x) => x.toFixed(2);
  const frames = brushes.map(({ frame }) => frame).sort((a, b) => a - b);
  const mean = brushes.reduce((sum, { cpu }) => sum + cpu, 0) / brushes.length - idle.cpu;
  console.log(`${name}: pictures ${s(painted)} s after the data, loaded anew ${s(all)} s in all; a brush ${s(mean)} s, frames of ${frames[2].toFixed(0)} to ${frames[4].toFixed(0)} ms; one in 12 moves ${s(moving.cpu - idle.cpu)} s, ${moving.frame.toFixed(0)} ms`);
  await close();
}

if (link) {
  const token = /#token=(\w+)/.exec(link)[1];
  const answer = await fetch(new URL("v1/sweeps", link.replace(/#.*/, "")), { headers: { Authorization: `Bearer ${token}` } });
  const { sweeps } = await answer.json();
  for (const { id, counts } of sweeps) {
    const runs = Object.values(counts).reduce((a, b) => a + b, 0);
    await measure(`${runs} runs of ${id}`, link, `#/s/${id}`);
  }
} else {
  await measure("warming up", `${exported(60)}#/`, SWEEP);
  for (const n of words.length > 0 ? words.map(Number) : [60, 20_000, 100_000]) await measure(`export of ${n} runs`, `${exported(n)}#/`, SWEEP);
}
await browser.close();
