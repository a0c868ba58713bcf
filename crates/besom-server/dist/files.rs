// Written by `npm run build` in ../ui.
&[
    Asset { path: "/", kind: "text/html; charset=utf-8", gzip: include_bytes!("index.html.gz") },
    Asset { path: "/assets/app.DtHaLkOU.js", kind: "text/javascript; charset=utf-8", gzip: include_bytes!("app.DtHaLkOU.js.gz") },
    Asset { path: "/assets/style.zRlMAgXI.css", kind: "text/css; charset=utf-8", gzip: include_bytes!("style.zRlMAgXI.css.gz") },
    Asset { path: "/assets/worker.Cpo_yE7V.js", kind: "text/javascript; charset=utf-8", gzip: include_bytes!("worker.Cpo_yE7V.js.gz") },
]
