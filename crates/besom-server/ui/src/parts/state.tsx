// States as a symbol, a color and a word: never by color alone.

import { For, type JSX } from "solid-js";
import type { Counts, RunState, SweepState } from "../source/types";
import { count } from "./format";

const SYMBOLS: Record<RunState | SweepState | "idle", string> = {
  pending: "○",
  running: "►",
  finished: "✓",
  stopped: "■",
  failed: "✕",
  crashed: "↯",
  killed: "⊘",
  preempted: "⇥",
  paused: "‖",
  canceled: "⊘",
  idle: "◌",
};

export const RUN_STATES: RunState[] = ["finished", "stopped", "running", "pending", "preempted", "failed", "crashed", "killed"];

export function State(props: { state: RunState | SweepState | "idle" }): JSX.Element {
  return (
    <span class={`state ${props.state}`}>
      <i aria-hidden="true">{SYMBOLS[props.state]}</i>
      {props.state}
    </span>
  );
}

/** How many runs are in which state: a bar, and the same in words. */
export function StateBar(props: { counts: Counts; cap: number | null }): JSX.Element {
  const present = (): RunState[] => RUN_STATES.filter((state) => props.counts[state] > 0);
  const all = (): number => present().reduce((sum, state) => sum + props.counts[state], 0);
  const open = (): number => Math.max(0, (props.cap ?? 0) - all());
  const words = (): string =>
    present()
      .map((state) => `${count(props.counts[state])} ${state}`)
      .join(", ") || "no runs";
  return (
    <div class="bar" role="img" aria-label={words()} title={words()}>
      <For each={present()}>{(state) => <i class={state} style={{ "flex-grow": props.counts[state] }} />}</For>
      <i class="open" style={{ "flex-grow": open() || (all() ? 0 : 1) }} />
    </div>
  );
}
