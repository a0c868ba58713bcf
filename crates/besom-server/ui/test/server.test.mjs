// The page against the real server: token, live changes, actions and output, under the server's own policy.

import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { createInterface } from "node:readline";
import { launch, open } from "./browser.mjs";

const besom = process.env.BESOM ?? new URL("../../../../target/debug/besom", import.meta.url).pathname;
const place = mkdtempSync(join(tmpdir(), "besom-page-"));
const store = join(place, "store");
const children = [];
let browser, link, id;

const SWEEP = `
name: <b>page</b>
method: bayes
metric: {name: loss, goal: minimize}
command: [sh, work.sh, '\${args}']
parameters:
  lr: {distribution: log_uniform_values, min: 1e-4, max: 1.0}
  layers: {min: 1, max: 8}
  kind: {values: [a, b, c]}
early_terminate: {type: hyperband, min_iter: 3}
run_cap: 24
seed: 7
`;
// Run 12 waits for a file, so that it is still running when the page is looked at.
const WORK = `
for a in "$@"; do case $a in --layers=*) layers=\${a#--layers=} ;; esac; done
echo "<script>document.title = 'bad'</script> layers $layers"
for step in 1 2 3 4 5; do echo "{\\"loss\\": $((layers * 10 + 50 / step)), \\"step\\": $step}" >>"$BESOM_METRICS"; done
[ "$BESOM_RUN_NUMBER" != 12 ] || for i in $(seq 600); do echo "waiting $i"; [ ! -e go ] || break; sleep 0.1; done
`;

function besomSays(...words) {
  return execFileSync(besom, ["--store", store, ...words], { cwd: place, encoding: "utf8" });
}

before(async () => {
  writeFileSync(join(place, "sweep.yaml"), SWEEP);
  writeFileSync(join(place, "work.sh"), WORK);
  id = /\b[a-z0-9]{8}\b/.exec(besomSays("sweep", "sweep.yaml"))[0];
  const server = spawn(besom, ["--store", store, "serve", "--listen", "127.0.0.1:0"], { cwd: place });
  children.push(server);
  for await (const line of createInterface({ input: server.stdout })) {
    link = /http:\S+#token=\S+/.exec(line)?.[0];
    if (link) break;
  }
  browser = await launch();
});

after(async () => {
  await browser?.close();
  for (const child of children) child.kill("SIGINT");
  rmSync(place, { recursive: true, force: true });
});

test("a page without a token asks for one, and a link leaves none in the address", async () => {
  const bare = await open(browser, link.replace(/#.*/, ""));
  await bare.page.waitForSelector("text=This page needs a token");
  await bare.page.fill("input[type=password]", "0".repeat(40));
  await bare.page.click("button[type=submit]");
  await bare.page.waitForSelector("[role=alert]");
  await bare.close();
  const { page, close } = await open(browser, link);
  await page.waitForSelector(".sweeps .row a");
  assert.ok(!page.url().includes("token"), page.url());
  assert.equal(await page.title(), "besom");
  await close();
});

test("what agents do shows at once, in every picture and without markup", async () => {
  const { page, problems, close } = await open(browser, link);
  await page.click(".sweeps .name a");
  await page.waitForSelector("text=No agent works on this sweep");
  children.push(spawn(besom, ["--store", store, "agent", id], { cwd: place }));
  await page.waitForFunction(() => /1[12]\b.*of 24/.test(document.querySelector(".figures dd")?.textContent), null, { timeout: 60_000 });
  await page.waitForSelector("canvas.below");
  assert.equal(await page.locator("h1").textContent(), "<b>page</b>");
  await page.goto(`${link.replace(/#.*/, "")}#/s/${id}/runs/12`);
  await page.waitForFunction(() => document.querySelector("pre.output")?.textContent.includes("waiting 5"), null, { timeout: 30_000 });
  assert.match(await page.locator("pre.output").textContent(), /<script>document.title/);
  assert.deepEqual(problems, []);
  await close();
});

test("actions say what will happen, and change the store", async () => {
  const { page, problems, close } = await open(browser, `${link}`);
  await page.goto(`${link.replace(/#.*/, "")}#/s/${id}`);
  await page.waitForSelector(".actions button");
  await page.keyboard.press("p");
  assert.match(await page.locator("dialog[open] p").first().textContent(), /No new run starts until you resume/);
  await page.locator("dialog[open] button.main").click();
  await page.waitForSelector("h1 + .state.paused");
  assert.match(besomSays("status", id), /paused/);
  await page.keyboard.press("p");
  await page.locator("dialog[open] button.main").click();
  await page.waitForSelector("h1 + .state.running");
  await page.goto(`${link.replace(/#.*/, "")}#/s/${id}/agents`);
  await page.getByRole("button", { name: /^Drain / }).click();
  assert.match(await page.locator("dialog[open] p").first().textContent(), /finishes run 12, starts no other, and exits/);
  await page.locator("dialog[open] button.main").click();
  await page.waitForSelector("td .state.paused >> text=draining");
  assert.equal(await page.getByRole("button", { name: /^Drain / }).count(), 0);
  children.push(spawn(besom, ["--store", store, "agent", id], { cwd: place }));
  writeFileSync(join(place, "go"), "");
  await page.waitForSelector("h1 + .state.finished", { timeout: 60_000 });
  assert.match(besomSays("agents", id, "--all"), /left/);
  assert.deepEqual(problems, []);
  await close();
});

test("all pages of a finished sweep load, and so does its export", async () => {
  writeFileSync(join(place, "sweep.html"), besomSays("export", id));
  for (const base of [`${link.replace(/#.*/, "")}#/s/${id}`, `file://${place}/sweep.html#/s/${id}`]) {
    for (const path of ["", "/runs", "/runs/3", "/compare", "/space", "/statistics", "/agents", "/log", "/file"]) {
      const { page, problems, close } = await open(browser, base.startsWith("file") ? base + path : link);
      if (!base.startsWith("file")) await page.goto(base + path);
      await page.waitForSelector("main h1");
      await page.waitForFunction(() => !document.querySelector("[aria-busy=true]"));
      assert.equal(await page.locator("main [role=alert]").allTextContents().then((all) => all.join()), "", base + path);
      if (path === "/runs/3") {
        assert.match(await page.locator("pre.output").textContent(), /layers \d/, base);
        assert.equal(await page.locator("[aria-label=Rows] tbody tr").count(), 5, base);
      }
      assert.deepEqual(problems, [], base + path);
      await close();
    }
  }
});
