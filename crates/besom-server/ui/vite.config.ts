// Relative addresses, so that the page works below any path of a reverse proxy; nothing is inlined, as the policy of the page forbids it.
import { defineConfig } from "vite";
import solid from "vite-plugin-solid";

const hashed = "assets/[name].[hash].[ext]";

export default defineConfig({
  base: "./",
  plugins: [solid()],
  build: {
    outDir: "build/out",
    target: "es2022",
    assetsInlineLimit: 0,
    modulePreload: false,
    cssCodeSplit: false,
    rolldownOptions: {
      output: { entryFileNames: "assets/app.[hash].js", assetFileNames: hashed, codeSplitting: false },
    },
  },
  worker: { format: "iife", rolldownOptions: { output: { entryFileNames: "assets/worker.[hash].js" } } },
});
