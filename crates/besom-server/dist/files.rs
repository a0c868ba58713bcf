// Written by `npm run build` in ../ui.
&[
    Asset { path: "/", kind: "text/html; charset=utf-8", gzip: include_bytes!("index.html.gz") },
    Asset { path: "/assets/app.CcCc71bp.js", kind: "text/javascript; charset=utf-8", gzip: include_bytes!("app.CcCc71bp.js.gz") },
    Asset { path: "/assets/style.CXGldUWw.css", kind: "text/css; charset=utf-8", gzip: include_bytes!("style.CXGldUWw.css.gz") },
    Asset { path: "/assets/worker.BH8V4Yo5.js", kind: "text/javascript; charset=utf-8", gzip: include_bytes!("worker.BH8V4Yo5.js.gz") },
]
