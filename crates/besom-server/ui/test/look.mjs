// Pictures of all pages, to be looked at: node test/look.mjs [RUNS..]; they come into test/out.

import { join } from "node:path";
import { exported, launch, open, out } from "./browser.mjs";

const nameOf = (path) => path.replace(/^#\//, "list-").replace(/\?.*/, "").replace("/", "-");
const browser = await launch();
const sizes = process.argv.slice(2).map(Number);
const pages = (process.env.PAGES ?? "#/ #/compare?ids=uq33ar69,p61flhzb overview runs runs/7 compare space statistics agents log file").split(" ");
for (const n of sizes.length > 0 ? sizes : [60]) {
  const url = exported(n);
  for (const [width, dark] of (process.env.VIEWS ?? "1280 light,1280 dark,390 light").split(",").map((view) => [Number(view.split(" ")[0]), view.endsWith("dark")])) {
    for (const path of pages) {
      const { page, problems, close } = await open(browser, url + (path.startsWith("#") ? path : `#/s/uq33ar69/${path === "overview" ? "" : path}`), { width, dark });
      await page.waitForTimeout(n > 10_000 ? 2500 : 700);
      await page.screenshot({ path: join(out, `${n}-${nameOf(path)}-${width}${dark ? "-dark" : ""}.png`), fullPage: true });
      if (problems.length > 0) console.log(n, path, width, dark, problems);
      await close();
    }
  }
}
await browser.close();
