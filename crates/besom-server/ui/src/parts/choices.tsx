// Choices that several pictures share, kept in the address: which metric has its curves drawn, and on which scale.

import { For, type JSX, Show } from "solid-js";
import { query, setQuery } from "../routes";
import { Segments } from "./segments";

/** Whose scale it is: that of the values of runs, or that of curves. */
type Scaled = "history" | "curve-scale";

export function isLog(of: Scaled): boolean {
  return query(of) === "log";
}

export function ScaleChoice(props: { of: Scaled }): JSX.Element {
  return (
    <Segments
      label="Scale of the values"
      options={["linear", "log"]}
      value={isLog(props.of) ? "log" : "linear"}
      choose={(to) => setQuery({ [props.of]: to === "log" ? to : null })}
    />
  );
}

/** The metric whose curves are wanted, or the first one. */
export function curvesOf(metrics: string[]): string {
  return query("curves") || metrics[0] || "";
}

export function MetricChoice(props: { metrics: string[] }): JSX.Element {
  return (
    <Show when={props.metrics.length > 1}>
      <select
        aria-label="Metric of the curves"
        value={curvesOf(props.metrics)}
        onChange={(event) => setQuery({ curves: event.currentTarget.value })}
      >
        <For each={props.metrics}>{(name) => <option selected={name === curvesOf(props.metrics)}>{name}</option>}</For>
      </select>
    </Show>
  );
}

/** Whether values are drawn over time instead of over runs. */
export function isOverTime(): boolean {
  return query("over") === "time";
}

export function OverChoice(): JSX.Element {
  return (
    <Segments
      label="Over runs or over time"
      options={["runs", "time"]}
      value={isOverTime() ? "time" : "runs"}
      choose={(to) => setQuery({ over: to === "time" ? to : null })}
    />
  );
}
