// The selected runs side by side: what differs between them, and their curves.

import { createMemo, For, type JSX, Show } from "solid-js";
import { series } from "../draw/palette";
import { sorted } from "../fields";
import { useSweep } from "../model";
import { duration, number, value } from "../parts/format";
import { load, Loaded } from "../parts/loaded";
import { Scroll } from "../parts/scroll";
import { Segments } from "../parts/segments";
import { State } from "../parts/state";
import { link, query, setQuery, shared } from "../routes";
import { leaves } from "../source/params";
import type { Run } from "../source/types";
import { Overlay } from "./overlay";

const MOST = 12;

export function Compare(): JSX.Element {
  const sweep = useSweep();
  const best = (): number[] => {
    const field = sweep.fields().find(({ names }) => names.includes("best"));
    const rows = sorted(sweep.shown(), field, sweep.metric().goal === "maximize");
    return Array.from(rows.subarray(0, 5), (row) => row + 1);
  };
  const runs = createMemo(() => (sweep.picked().length > 0 ? sweep.picked().slice(0, MOST) : best()).join(","));
  const answer = load(runs, (numbers) => sweep.source.json<{ runs: Run[] }>(`${sweep.path}/runs?numbers=${numbers}`));
  return (
    <>
      <p class="muted">
        <Show
          when={sweep.picked().length > 0}
          fallback="The 5 best runs. Select others in the table of runs, by their boxes or by the key x."
        >
          {sweep.picked().length > MOST ? `The first ${MOST} of ${sweep.picked().length} selected runs. ` : "The selected runs. "}
        </Show>
        <Show when={sweep.picked().length > 0}>
          <button type="button" onClick={() => sweep.pick([])}>
            Clear selection
          </button>
        </Show>
      </p>
      <Show when={!runs()}>
        <p class="card empty">There is no run to compare yet.</p>
      </Show>
      <Show when={runs()}>
        <Loaded of={answer}>
          {(found) => (
            <>
              <Differences runs={found().runs} />
              <Overlay runs={found().runs} />
            </>
          )}
        </Loaded>
      </Show>
    </>
  );
}

interface Line {
  name: string;
  cells: string[];
  numbers: (number | null)[];
}

function linesOf(runs: Run[]): Line[] {
  const points = runs.map((run) => new Map(leaves(run.params)));
  const names = [...new Set(points.flatMap((point) => [...point.keys()]))];
  return names.map((name) => ({
    name,
    cells: points.map((point) => value(point.get(name))),
    numbers: points.map((point) => (typeof point.get(name) === "number" ? (point.get(name) as number) : null)),
  }));
}

function metricsOf(runs: Run[]): Line[] {
  const keys = [...new Set(runs.flatMap((run) => Object.keys(run.logged)))];
  return keys.map((name) => {
    const last = runs.map((run) => run.logged[name]?.last);
    return { name, cells: last.map((v) => value(v)), numbers: last.map((v) => (typeof v === "number" ? v : null)) };
  });
}

function Differences(props: { runs: Run[] }): JSX.Element {
  const sweep = useSweep();
  const isAll = (): boolean => query("show") === "all";
  const differs = ({ cells }: Line): boolean => new Set(cells).size > 1;
  const chosen = (lines: Line[]): Line[] => (isAll() ? lines : lines.filter(differs));
  const lines = createMemo(() => linesOf(props.runs));
  const same = (): number => lines().filter((line) => !differs(line)).length;
  return (
    <section class="card" aria-labelledby="differences-title">
      <header>
        <h2 id="differences-title">{isAll() ? "Parameters" : "What differs"}</h2>
        <Segments
          label="Which parameters"
          options={["differences", "all"]}
          value={isAll() ? "all" : "differences"}
          choose={(to) => setQuery({ show: to === "all" ? to : null })}
        />
        <Show when={!isAll() && same() > 0}>
          <p class="legend">{same()} equal in all</p>
        </Show>
      </header>
      <Scroll label="Runs side by side">
        <table class="compare">
          <thead>
            <tr>
              <th>Run</th>
              <For each={props.runs}>
                {(run, i) => (
                  <th class="numeric">
                    <i class="swatch" style={{ "background-color": series(i()) }} />
                    <a href={link(["s", sweep.id, "runs", run.number], shared())}>{run.number}</a>
                  </th>
                )}
              </For>
            </tr>
          </thead>
          <tbody>
            <tr>
              <th scope="row">state</th>
              <For each={props.runs}>
                {(run) => (
                  <td class="numeric">
                    <State state={run.state} />
                  </td>
                )}
              </For>
            </tr>
            <tr>
              <th scope="row">
                <b>{sweep.metric().name}</b>
              </th>
              <For each={props.runs}>
                {(run) => (
                  <td class="numeric">
                    <b>{number(run.value, 6)}</b>
                  </td>
                )}
              </For>
            </tr>
            <tr>
              <th scope="row">time</th>
              <For each={props.runs}>{(run) => <td class="numeric">{duration(run.duration_s)}</td>}</For>
            </tr>
            <Lines title="Parameters" lines={chosen(lines())} width={props.runs.length + 1} />
            <Lines title="Last values" lines={chosen(metricsOf(props.runs))} width={props.runs.length + 1} />
          </tbody>
        </table>
      </Scroll>
    </section>
  );
}

function Lines(props: { title: string; lines: Line[]; width: number }): JSX.Element {
  return (
    <Show when={props.lines.length > 0}>
      <tr class="part">
        <th colSpan={props.width} scope="colgroup">
          {props.title}
        </th>
      </tr>
      <For each={props.lines}>
        {(line) => (
          <tr>
            <th scope="row">{line.name}</th>
            <For each={line.cells}>
              {(text, i) => (
                <td class="numeric">
                  <Gauge line={line} at={i()} />
                  <span class="figure">{text}</span>
                </td>
              )}
            </For>
          </tr>
        )}
      </For>
    </Show>
  );
}

/** Where a number lies between the least and the greatest of its line. */
function Gauge(props: { line: Line; at: number }): JSX.Element {
  const share = (): number | null => {
    const known = props.line.numbers.filter((x): x is number => x !== null);
    const [low, high] = [Math.min(...known), Math.max(...known)];
    const x = props.line.numbers[props.at];
    return x === null || !(high > low) ? null : (x - low) / (high - low);
  };
  return (
    <Show when={share() !== null}>
      <span class="gauge" aria-hidden="true">
        <i style={{ left: `${100 * share()!}%` }} />
      </span>
    </Show>
  );
}
