// Written by `npm run build` in ../ui.
&[
    Asset { path: "/", kind: "text/html; charset=utf-8", gzip: include_bytes!("index.html.gz") },
    Asset { path: "/assets/app.Cxao3aIx.js", kind: "text/javascript; charset=utf-8", gzip: include_bytes!("app.Cxao3aIx.js.gz") },
    Asset { path: "/assets/style.-8d_kjJt.css", kind: "text/css; charset=utf-8", gzip: include_bytes!("style.-8d_kjJt.css.gz") },
    Asset { path: "/assets/worker.BEIBtlY1.js", kind: "text/javascript; charset=utf-8", gzip: include_bytes!("worker.BEIBtlY1.js.gz") },
]
