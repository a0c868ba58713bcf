// Written by `npm run build` in ../ui.
&[
    Asset { path: "/", kind: "text/html; charset=utf-8", gzip: include_bytes!("index.html.gz") },
    Asset { path: "/assets/app.CPY1TUdz.js", kind: "text/javascript; charset=utf-8", gzip: include_bytes!("app.CPY1TUdz.js.gz") },
    Asset { path: "/assets/style.DosL8z_S.css", kind: "text/css; charset=utf-8", gzip: include_bytes!("style.DosL8z_S.css.gz") },
    Asset { path: "/assets/worker.B3w9iTsH.js", kind: "text/javascript; charset=utf-8", gzip: include_bytes!("worker.B3w9iTsH.js.gz") },
]
