// Written by `npm run build` in ../ui.
&[
    Asset { path: "/", kind: "text/html; charset=utf-8", gzip: include_bytes!("index.html.gz") },
    Asset { path: "/assets/app.BfcDKsyQ.js", kind: "text/javascript; charset=utf-8", gzip: include_bytes!("app.BfcDKsyQ.js.gz") },
    Asset { path: "/assets/style.BzEx-YLY.css", kind: "text/css; charset=utf-8", gzip: include_bytes!("style.BzEx-YLY.css.gz") },
    Asset { path: "/assets/worker.Cpo_yE7V.js", kind: "text/javascript; charset=utf-8", gzip: include_bytes!("worker.Cpo_yE7V.js.gz") },
]
