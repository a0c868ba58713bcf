// Puts the build output where the crate includes it: each file gzip'd, `files.rs` with their names, and a template of the page
// that `besom export` writes. `--into DIRECTORY` puts it elsewhere.

import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

const here = dirname(fileURLToPath(import.meta.url));
const out = join(here, "out");
const at = process.argv.indexOf("--into");
const dist = at < 0 ? join(here, "../../dist") : process.argv[at + 1];

/** With the fields for the time and the system empty, so that the same content gives the same bytes. */
function zip(bytes) {
  const zipped = gzipSync(bytes, { level: 9 });
  zipped.fill(0, 4, 8);
  zipped[9] = 255;
  return zipped;
}

const KINDS = { html: "text/html; charset=utf-8", js: "text/javascript; charset=utf-8", css: "text/css; charset=utf-8" };
const assets = readdirSync(join(out, "assets")).sort();
const read = (prefix) => readFileSync(join(out, "assets", assets.find((name) => name.startsWith(prefix) && !name.endsWith(".map"))), "utf8");
const [app, worker, style] = [read("app."), read("worker."), readFileSync(join(out, "assets", assets.find((name) => name.endsWith(".css"))), "utf8")];
for (const text of [app, worker, style]) {
  if (/<\/(script|style)/i.test(text)) throw new Error("a text that ends a script or a style cannot stand in the exported page");
}

/** Scripts and styles in the exported page are allowed by their hashes alone. */
function hash(text) {
  return `'sha256-${createHash("sha256").update(text).digest("base64")}'`;
}

const policy = `default-src 'none'; script-src ${hash(app)}; style-src ${hash(style)}; img-src data:; worker-src blob:; base-uri 'none'; form-action 'none'`;
const page = readFileSync(join(out, "index.html"), "utf8");
const head = page.slice(0, page.indexOf("</head>")).replace(/\s*<script[^>]*><\/script>/, "").replace(/\s*<link rel="stylesheet"[^>]*>/, "");
const template = `${head.replace("<head>", `<head>\n    <meta http-equiv="Content-Security-Policy" content="${policy}">`).trimEnd()}
    <style>{{style}}</style>
  </head>
  <body>
    <div id="app"></div>
    <noscript>This page needs JavaScript.</noscript>
    <script type="text/plain" id="besom-worker">{{worker}}</script>
    <script type="application/octet-stream;base64" id="besom-data">{{data}}</script>
    <script type="module">{{app}}</script>
  </body>
</html>
`;

rmSync(dist, { recursive: true, force: true });
mkdirSync(dist, { recursive: true });
writeFileSync(join(dist, "export.html"), template);
let total = 0;
const files = ["index.html", ...assets.map((name) => `assets/${name}`)].map((path) => {
  const name = `${path.replace("assets/", "")}.gz`;
  const zipped = zip(readFileSync(join(out, path)));
  total += zipped.length;
  writeFileSync(join(dist, name), zipped);
  const kind = KINDS[path.split(".").at(-1)];
  return `    Asset { path: "/${path === "index.html" ? "" : path}", kind: "${kind}", gzip: include_bytes!("${name}") },`;
});
writeFileSync(join(dist, "files.rs"), `// Written by \`npm run build\` in ../ui.\n&[\n${files.join("\n")}\n]\n`);
console.log(`${files.length} files, ${(total / 1000).toFixed(1)} kB gzip'd`);
const most = 80_000;
if (total > most) throw new Error(`the page has ${total} bytes, more than ${most}`);
