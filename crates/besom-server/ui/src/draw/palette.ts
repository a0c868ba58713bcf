// Colors that are told apart without seeing all of them: viridis for values, those of Okabe and Ito for series.

import { createSignal } from "solid-js";

const VIRIDIS = ["440154", "482878", "3e4a89", "31688e", "26828e", "1f9e89", "35b779", "6ece58", "b5de2b", "fde725"];

function channels(hex: string): [number, number, number] {
  const n = parseInt(hex, 16);
  return [n >> 16, (n >> 8) & 255, n & 255];
}

/** The color of a value between 0 and 1, as 256 steps of red, green and blue. */
function viridis(): Uint8Array {
  const steps = new Uint8Array(256 * 3);
  const stops = VIRIDIS.map(channels);
  for (let i = 0; i < 256; i += 1) {
    const t = (i / 255) * (stops.length - 1);
    const k = Math.min(stops.length - 2, Math.floor(t));
    for (let c = 0; c < 3; c += 1) steps[3 * i + c] = stops[k][c] + (stops[k + 1][c] - stops[k][c]) * (t - k);
  }
  return steps;
}

const STEPS = viridis();

/** The CSS color of a value between 0 and 1. */
export function shade(x: number): string {
  const i = 3 * Math.max(0, Math.min(255, Math.round(x * 255)));
  return `rgb(${STEPS[i]} ${STEPS[i + 1]} ${STEPS[i + 2]})`;
}

const LIGHT = ["#0072b2", "#d55e00", "#009e73", "#b0568f", "#b07800", "#3a93cf", "#8a8a00", "#444444"];
const DARK = ["#56b4e9", "#ff8a3d", "#2fc79c", "#e39ac4", "#e69f00", "#a6d8f5", "#f0e442", "#c8c8c8"];

/** The color of the i-th series. */
export function series(i: number): string {
  const all = isDark() ? DARK : LIGHT;
  return all[Math.max(0, i) % all.length];
}

/** The colors of the page that canvases need; style/theme.css has them. */
export interface Theme {
  text: string;
  muted: string;
  line: string;
  accent: string;
  surface: string;
  best: string;
  threshold: string;
}

const KEY = "besom-theme";
const system = matchMedia("(prefers-color-scheme: dark)");
const [choice, setChoice] = createSignal<"light" | "dark" | "system">(stored());
const [systemDark, setSystemDark] = createSignal(system.matches);
system.addEventListener("change", () => setSystemDark(system.matches));

function stored(): "light" | "dark" | "system" {
  const found = localStorage.getItem(KEY);
  return found === "light" || found === "dark" ? found : "system";
}

export function isDark(): boolean {
  return choice() === "system" ? systemDark() : choice() === "dark";
}

/** Light or dark, whatever the system has. */
export function chooseTheme(to: "light" | "dark"): void {
  localStorage.setItem(KEY, to);
  setChoice(to);
  applyTheme();
}

export function applyTheme(): void {
  document.documentElement.dataset.theme = choice();
}

/** The present colors; asks for `isDark` so that whoever draws draws again when it changes. */
export function theme(): Theme {
  isDark();
  const style = getComputedStyle(document.documentElement);
  const get = (name: string): string => style.getPropertyValue(`--canvas-${name}`).trim();
  const dark = isDark();
  const pick = (name: string): string => get(`${name}-${dark ? "dark" : "light"}`);
  return {
    text: pick("text"),
    muted: pick("muted"),
    line: pick("line"),
    accent: pick("accent"),
    surface: pick("surface"),
    best: pick("best"),
    threshold: pick("threshold"),
  };
}
