// The view is the URL: #/s/ID/TAB/..?filter=..&sort=..; whoever gets the link sees the same.

import { type Accessor, createMemo, createRoot, createSignal } from "solid-js";

export interface Route {
  /** The parts of the path. */
  path: string[];
  query: URLSearchParams;
}

const [route, setRoute] = createSignal(read());

/** The present view. */
export { route };

function read(): Route {
  const [path, query] = location.hash.replace(/^#\/?/, "").split("?");
  return { path: path.split("/").filter(Boolean).map(decode), query: new URLSearchParams(query ?? "") };
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

window.addEventListener("hashchange", () => setRoute(read()));

/** A link to a view; parameters that are empty are left out. */
export function link(path: (string | number)[], query: Record<string, string | null | undefined> = {}): string {
  const filled = Object.entries(query).filter((entry): entry is [string, string] => Boolean(entry[1]));
  const text = new URLSearchParams(filled).toString();
  return `#/${path.map(encodeURIComponent).join("/")}${text ? `?${text}` : ""}`;
}

/** Opens a view. */
export function go(to: string): void {
  location.hash = to;
}

const memos = new Map<string, Accessor<string>>();

/** One parameter of the view; whoever reads it hears of no other. */
export function query(key: string): string {
  const known = memos.get(key) ?? createRoot(() => createMemo(() => route().query.get(key) ?? ""));
  memos.set(key, known);
  return known();
}

/** Changes parameters of the view without a step in the history. */
export function setQuery(changes: Record<string, string | null>): void {
  const { path, query } = route();
  const next = { ...Object.fromEntries(query), ...changes };
  const to = link(path, next);
  if (to === location.hash) return;
  history.replaceState(null, "", to);
  setRoute(read());
}

/** What links to other tabs of the same sweep take along: the selection and the filter. */
export function shared(): Record<string, string> {
  const kept = ["filter", "brush", "sel", "hide", "sort"].map((key) => [key, query(key)] as const);
  return Object.fromEntries(kept.filter(([, text]) => text));
}
