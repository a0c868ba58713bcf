// One sweep as the page knows it: its summary, its history, and what the reader has filtered, brushed and picked.

import { type Accessor, batch, createContext, createEffect, createMemo, createSignal, on, onCleanup, useContext } from "solid-js";
import { filter } from "./condition/filter";
import { type Field, fieldsOf } from "./fields";
import { query, setQuery } from "./routes";
import { History } from "./source/columns";
import { type Link, messageOf, type Source } from "./source/source";
import type { Changes, Detail, Metric, Summary } from "./source/types";
import { toggled } from "./toggled";

/** A range of places on the axis of each brushed column. */
export type Brushes = Record<string, [number, number]>;

/** A condition, read: which rows it lets through, or why it is none. */
interface Filter {
  lets: ((row: number) => boolean) | null;
  error: string | null;
}

/** Hidden runs by number, and by row: 1 for each of them, null if there are none. */
export interface Hidden {
  runs: number[];
  rows: Uint8Array<ArrayBuffer> | null;
}

export interface Sweep {
  id: string;
  /** Where the server answers for it. */
  path: string;
  source: Source;
  detail: Accessor<Detail | undefined>;
  /** Signals at every change, though the object stays the same. */
  history: Accessor<History | undefined>;
  /** The one that decides. It changes less often than all else of the sweep, and whoever reads it hears of nothing else. */
  metric: Accessor<Metric>;
  error: Accessor<string | null>;
  gone: Accessor<boolean>;
  link: Accessor<Link>;
  fields: Accessor<Field[]>;
  filter: Accessor<Filter>;
  brushes: Accessor<Brushes>;
  /** Sets brushes while they move; `brushed` writes them to the address. */
  setBrushes: (brushes: Brushes) => void;
  brushed: () => void;
  /** 1 for each run that the filter and the brushes let through, and that is not hidden. */
  shown: Accessor<Uint8Array<ArrayBuffer>>;
  /** How many those are. */
  count: Accessor<number>;
  /** The values of all runs that have one and are not hidden, in rising order. */
  values: Accessor<Float64Array>;
  picked: Accessor<number[]>;
  pick: (runs: number[]) => void;
  toggle: (run: number) => void;
  /** Runs that no picture shows, as if they had not been. */
  hidden: Accessor<Hidden>;
  hide: (runs: number[]) => void;
  /** The run under the pointer, in any picture. */
  hovered: Accessor<number | null>;
  hover: (run: number | null) => void;
  reload: () => void;
  take: (summary: Summary) => void;
}

export const SweepContext = createContext<Sweep>();

/** The sweep of the page. */
export function useSweep(): Sweep {
  const sweep = useContext(SweepContext);
  if (!sweep) throw new Error("only pages of a sweep ask for it");
  return sweep;
}

/** Has something done to a sweep, and takes how it stands then. */
export async function post(sweep: Sweep, what: string, body: unknown): Promise<void> {
  sweep.take(await sweep.source.post<Summary>(`${sweep.path}/${what}`, body));
}

/** Loads a sweep and keeps it up to date until its owner is disposed of. */
export function createSweep(source: Source, id: string): Sweep {
  const path = `v1/sweeps/${encodeURIComponent(id)}`;
  const loaded = load(source, path);
  const { detail, history } = loaded;
  // The fields look into the history, and are the same ones however it grows.
  const parameters = createMemo(() => detail()?.parameters, undefined, { equals: isAlike });
  const metric = createMemo(() => metricOf(detail()), undefined, { equals: isAlike });
  const sameHistory = createMemo(() => history());
  const fields = createMemo(on([parameters, sameHistory], () => fieldsOf(detail(), history())));
  const read = createMemo(() => readFilter(query("filter"), fields()));
  const brush = brushing();
  const hiddenRuns = createMemo(() => numbers(query("hide")));
  // Nothing follows from an event of the history while nothing is hidden.
  const hiddenRows = createMemo(() => rowsOf(hiddenRuns(), history()));
  const hidden = createMemo(() => ({ runs: hiddenRuns(), rows: hiddenRows() }));
  const shown = createMemo(() => mask(history(), hidden().rows, read().lets, brush.brushes(), metric().name));
  const count = createMemo(() => ones(shown()));
  const values = createMemo(() => sortedValues(history(), hidden().rows));
  const [hovered, hover] = createSignal<number | null>(null);
  const picked = createMemo(() => numbers(query("sel")));
  const pick = (runs: number[]): void => setQuery({ sel: runs.join(",") || null });
  const toggle = (run: number): void => pick(toggled(picked(), run));
  const hide = (runs: number[]): void => setQuery({ hide: runs.join(",") || null });
  const choice = { shown, count, values, picked, pick, toggle, hidden, hide, hovered, hover };
  return { id, path, source, ...loaded, metric, fields, filter: read, ...brush, ...choice };
}

/** Of a sweep file that this program cannot read. */
const NO_METRIC: Metric = { name: "value", goal: "minimize" };

/** The metric that decides in a sweep. */
export function metricOf(detail: Detail | undefined): Metric {
  return detail?.metric ?? NO_METRIC;
}

function isAlike(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

/** Numbers of runs as the address has them. */
function numbers(text: string): number[] {
  return text
    .split(",")
    .map(Number)
    .filter((n) => n > 0);
}

function rowsOf(runs: number[], history: History | undefined): Hidden["rows"] {
  if (runs.length === 0 || !history) return null;
  const rows = new Uint8Array(history.runs);
  for (const run of runs) if (run <= rows.length) rows[run - 1] = 1;
  return rows;
}

type Loaded = Pick<Sweep, "detail" | "history" | "error" | "gone" | "link" | "reload" | "take">;

function load(source: Source, path: string): Loaded {
  const [detail, setDetail] = createSignal<Detail>();
  const [history, setHistory] = createSignal<History | undefined>(undefined, { equals: false });
  const [error, setError] = createSignal<string | null>(null);
  const [gone, setGone] = createSignal(false);
  const [link, setLink] = createSignal<Link>("connecting");
  let stop = (): void => undefined;

  const refresh = async (): Promise<void> => {
    setDetail(await source.json<Detail>(path));
  };
  const hear = (event: string, data: string): void => {
    if (event === "gone") return void (setGone(true), stop());
    if (event === "reload") return reload();
    if (event !== "changes") return;
    const changes = JSON.parse(data) as Changes;
    const before = detail();
    history()?.apply(changes);
    batch(() => {
      if (changes.runs.length > 0) setHistory(history());
      setDetail((old) => (old ? merged(old, changes) : old));
    });
    // What an event does not have: the best parameters, and when the sweep ended.
    if (changes.best?.run !== before?.best?.run || changes.state !== before?.state) refresh().catch(() => undefined);
  };
  const reload = (): void => {
    stop();
    setError(null);
    Promise.all([refresh(), source.bytes(`${path}/columns`)])
      .then(([, bytes]) => {
        setHistory(History.read(bytes));
        stop = source.watch(() => `${path}/watch?since=${history()?.cursor ?? 0}`, hear, setLink);
      })
      .catch((failure: unknown) => setError(messageOf(failure)));
  };
  reload();
  onCleanup(() => stop());
  const take = (summary: Summary): void => void setDetail((old) => (old ? { ...old, ...summary } : old));
  return { detail, history, error, gone, link, reload, take };
}

function merged(old: Detail, { runs: _, upto, ...changes }: Changes): Detail {
  return { ...old, ...changes, cursor: upto };
}

function readFilter(text: string, fields: Field[]): Filter {
  if (!text.trim() || fields.length === 0) return { lets: null, error: null };
  const byName = new Map(fields.flatMap((field) => field.names.map((name) => [name, field] as const)));
  try {
    return { lets: filter(text, [...byName.keys()], (name) => byName.get(name)!.value), error: null };
  } catch (error) {
    return { lets: null, error: messageOf(error) };
  }
}

function brushing(): Pick<Sweep, "brushes" | "setBrushes" | "brushed"> {
  const [brushes, setBrushes] = createSignal<Brushes>(readBrushes(query("brush")));
  // The address changes last when a brush is drawn, and first when a link is followed.
  createEffect(
    on(
      () => query("brush"),
      (text) => void (text === writeBrushes(brushes()) || setBrushes(readBrushes(text))),
      { defer: true },
    ),
  );
  const brushed = (): void => setQuery({ brush: writeBrushes(brushes()) || null });
  return { brushes, setBrushes, brushed };
}

/** `lr:0.25..0.5;loss:0.01..0.02`: places between 0 and 1 for parameters, values for the metric. */
function readBrushes(text: string): Brushes {
  const all = text.split(";").map((part) => /^(.*):(-?[\d.e+-]+?)\.\.(-?[\d.e+-]+)$/.exec(part));
  return Object.fromEntries(all.filter((m) => m !== null).map((m) => [m[1], [Number(m[2]), Number(m[3])]]));
}

function writeBrushes(brushes: Brushes): string {
  const short = (x: number): number => Number(x.toPrecision(5));
  return Object.entries(brushes)
    .map(([name, [from, to]]) => `${name}:${short(from)}..${short(to)}`)
    .join(";");
}

function mask(
  history: History | undefined,
  hidden: Hidden["rows"],
  lets: ((row: number) => boolean) | null,
  brushes: Brushes,
  metric: string | undefined,
): Uint8Array<ArrayBuffer> {
  if (!history) return new Uint8Array();
  const mask = new Uint8Array(history.runs).fill(1);
  if (hidden) for (let i = 0; i < mask.length; i += 1) mask[i] -= hidden[i];
  if (lets) for (let i = 0; i < mask.length; i += 1) if (mask[i]) mask[i] = lets(i) ? 1 : 0;
  for (const [name, range] of Object.entries(brushes)) {
    const column = history.parameters.find((parameter) => parameter.name === name)?.places;
    const values = column ?? (name === metric ? history.value : undefined);
    if (values) applyBrush(mask, values, range);
  }
  return mask;
}

function sortedValues(history: History | undefined, hidden: Hidden["rows"]): Float64Array {
  const known = new Float64Array(history?.runs ?? 0);
  let n = 0;
  for (let i = 0; i < known.length; i += 1) {
    const value = history!.value[i];
    if (Number.isFinite(value) && !hidden?.[i]) known[n++] = value;
  }
  return known.subarray(0, n).sort();
}

function ones(mask: Uint8Array): number {
  let n = 0;
  for (let i = 0; i < mask.length; i += 1) n += mask[i];
  return n;
}

/** Clears the mask of rows outside of a range. */
function applyBrush(mask: Uint8Array, values: Float32Array | Float64Array, [from, to]: [number, number]): void {
  for (let i = 0; i < mask.length; i += 1) {
    if (!(values[i] >= from && values[i] <= to)) mask[i] = 0;
  }
}
