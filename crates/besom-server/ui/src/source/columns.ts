// The history of a sweep as columns of numbers: what 100,000 runs cost is a few arrays.

import type { Axis, Changes, RunChange, RunState } from "./types";

const NO_AGENT = 0xffffffff;
const WORD = 8;

/** A parameter's place between 0 and 1 on its axis for each run; NaN where a run lacks it. */
export interface Places {
  name: string;
  axis: Axis;
  places: Float32Array;
}

interface Header {
  cursor: string;
  runs: number;
  agents?: string[];
  columns: { name: string; role: string; type: "f32" | "f64" | "u8" | "u32"; axis?: Axis; states?: RunState[] }[];
}

/** All runs of a sweep; run number i is in row i - 1. */
export class History {
  runs = 0;
  cursor = "0";
  agents: string[] = [];
  states: RunState[] = [];
  parameters: Places[] = [];
  /** What a run counts with in "best"; NaN if with nothing. */
  value = new Float64Array();
  last = new Float64Array();
  started = new Float64Array();
  ended = new Float64Array();
  state = new Uint8Array();
  attempt = new Uint32Array();
  rows = new Uint32Array();
  agent = new Uint32Array();

  /** Reads the answer of `/columns`. */
  static read(buffer: ArrayBuffer): History {
    const length = new DataView(buffer).getUint32(0, true);
    const header = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 4, length))) as Header;
    const history = new History();
    history.runs = header.runs;
    history.cursor = header.cursor;
    history.agents = header.agents ?? [];
    let at = 4 + length;
    for (const column of header.columns) {
      const size = column.type === "u8" ? 1 : column.type === "f64" ? 8 : 4;
      const slice = buffer.slice(at, at + header.runs * size);
      at += Math.ceil((header.runs * size) / WORD) * WORD;
      history.put(column, slice);
    }
    history.grow(history.runs);
    return history;
  }

  private put(column: Header["columns"][number], slice: ArrayBuffer): void {
    switch (column.role) {
      case "parameter":
        if (column.axis) this.parameters.push({ name: column.name, axis: column.axis, places: new Float32Array(slice) });
        return;
      case "value":
        this.value = new Float64Array(slice);
        return;
      case "last":
        this.last = new Float64Array(slice);
        return;
      case "started_ms":
        this.started = new Float64Array(slice);
        return;
      case "ended_ms":
        this.ended = new Float64Array(slice);
        return;
      case "state":
        this.states = column.states ?? [];
        this.state = new Uint8Array(slice);
        return;
      case "attempt":
        this.attempt = new Uint32Array(slice);
        return;
      case "rows":
        this.rows = new Uint32Array(slice);
        return;
      case "agent":
        this.agent = new Uint32Array(slice);
        return;
    }
  }

  /** Takes in what changed. */
  apply(changes: Changes): void {
    this.cursor = changes.upto;
    for (const run of changes.runs) this.set(run);
  }

  private set(run: RunChange): void {
    const i = run.number - 1;
    if (run.number > this.runs) {
      this.grow(run.number);
      this.runs = run.number;
    }
    this.value[i] = run.value ?? NaN;
    this.last[i] = run.last ?? NaN;
    this.started[i] = run.started_ms ?? NaN;
    this.ended[i] = run.ended_ms ?? NaN;
    this.state[i] = indexIn(this.states, run.state);
    this.attempt[i] = run.attempt;
    this.rows[i] = run.rows;
    this.agent[i] = run.agent === null ? NO_AGENT : indexIn(this.agents, run.agent);
    run.places?.forEach((place, p) => {
      if (p < this.parameters.length) this.parameters[p].places[i] = place ?? NaN;
    });
  }

  /** Makes room for so many runs, and for some more. */
  private grow(runs: number): void {
    if (this.value.length >= runs && this.state.length >= runs) return;
    const room = Math.ceil(runs * 1.25) + 64;
    this.value = roomier(this.value, new Float64Array(room).fill(NaN));
    this.last = roomier(this.last, new Float64Array(room).fill(NaN));
    this.started = roomier(this.started, new Float64Array(room).fill(NaN));
    this.ended = roomier(this.ended, new Float64Array(room).fill(NaN));
    this.state = roomier(this.state, new Uint8Array(room));
    this.attempt = roomier(this.attempt, new Uint32Array(room));
    this.rows = roomier(this.rows, new Uint32Array(room));
    this.agent = roomier(this.agent, new Uint32Array(room).fill(NO_AGENT));
    for (const parameter of this.parameters) {
      parameter.places = roomier(parameter.places, new Float32Array(room).fill(NaN));
    }
  }

  stateOf(i: number): RunState {
    return this.states[this.state[i]] ?? "pending";
  }

  agentOf(i: number): string | null {
    return this.agents[this.agent[i]] ?? null;
  }

  /** Seconds from its start to its end, or to now. */
  seconds(i: number, now: () => number): number {
    const end = Number.isNaN(this.ended[i]) && this.stateOf(i) === "running" ? now() : this.ended[i];
    return (end - this.started[i]) / 1000;
  }
}

function roomier<T extends { set(from: T): void }>(from: T, to: T): T {
  to.set(from);
  return to;
}

function indexIn<T>(list: T[], item: T): number {
  const found = list.indexOf(item);
  return found >= 0 ? found : list.push(item) - 1;
}
