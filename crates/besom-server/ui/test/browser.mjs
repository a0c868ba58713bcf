// A real browser for the tests: Debian's chromium without a GPU, and the CPU time of all its processes.

import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";
import { answers, exportPage } from "./fixture.mjs";

export const out = join(dirname(fileURLToPath(import.meta.url)), "out");
mkdirSync(out, { recursive: true });

export async function launch(more = []) {
  return chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: ["--disable-gpu", "--no-sandbox", ...more] });
}

/** One of its own, with the id of its process. */
export async function launchAlone() {
  const mark = `--for-test=${process.pid}-${process.hrtime.bigint()}`;
  const browser = await launch([mark]);
  const isIt = (pid) => {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0").includes(mark);
    } catch {
      return false;
    }
  };
  const found = readdirSync("/proc").filter((name) => /^\d+$/.test(name)).map(Number).filter(isIt);
  return { browser, pid: Math.min(...found) };
}

/** Writes the export of a sweep with so many runs; returns its address. What `change` does to the answers is in it. */
export function exported(n, { name = `${n}`, change = () => {} } = {}) {
  const path = join(out, `${name}.html`);
  const all = answers(n);
  change(all.answers);
  writeFileSync(path, exportPage(all));
  return `file://${path}`;
}

/** A page that remembers what went wrong in it. */
export async function open(browser, url, { width = 1280, height = 900, dark = false } = {}) {
  const context = await browser.newContext({ viewport: { width, height }, colorScheme: dark ? "dark" : "light", reducedMotion: "reduce" });
  const page = await context.newPage();
  const problems = [];
  page.on("console", (message) => ["error", "warning"].includes(message.type()) && problems.push(message.text()));
  page.on("pageerror", (error) => problems.push(String(error.stack ?? error)));
  await page.goto(url);
  return { page, problems, close: () => context.close() };
}

const TICKS_PER_SECOND = 100;

/** CPU seconds so far of the process with this id and of all below it, those that have ended included. */
export function cpuOf(pid) {
  const all = readdirSync("/proc").filter((name) => /^\d+$/.test(name)).flatMap((name) => {
    try {
      const stat = readFileSync(`/proc/${name}/stat`, "utf8");
      const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
      return [{ pid: Number(name), parent: Number(fields[1]), ticks: [11, 12, 13, 14].reduce((sum, at) => sum + Number(fields[at]), 0) }];
    } catch {
      return [];
    }
  });
  const below = new Set([pid]);
  for (let grew = true; grew; ) {
    grew = false;
    for (const process of all) {
      if (below.has(process.parent) && !below.has(process.pid)) grew = Boolean(below.add(process.pid));
    }
  }
  return all.filter((process) => below.has(process.pid)).reduce((sum, { ticks }) => sum + ticks, 0) / TICKS_PER_SECOND;
}

/** CPU seconds, and the longest frame in ms, of what is done to a page of the browser with this process id until its pictures stand. */
export async function cost(page, pid, act) {
  const before = cpuOf(pid);
  await page.evaluate(() => {
    window.longest = 0;
    let last = performance.now();
    const tick = (now) => {
      window.longest = Math.max(window.longest, now - last);
      last = now;
      window.ticking = requestAnimationFrame(tick);
    };
    window.ticking = requestAnimationFrame(tick);
  });
  await act();
  await page.waitForTimeout(300);
  const frame = await page.evaluate(() => (cancelAnimationFrame(window.ticking), window.longest));
  return { cpu: cpuOf(pid) - before, frame };
}

/** A brush along an axis in so many moves. */
export async function brush(page, axis, from, to, moves) {
  const { x, y, width, height } = await page.locator(".grip").nth(axis).boundingBox();
  const at = (place) => y + 8 + (height - 16) * (1 - place);
  await page.mouse.move(x + width / 2, at(from));
  await page.mouse.down();
  await page.mouse.move(x + width / 2, at(to), { steps: moves });
  await page.mouse.up();
}
