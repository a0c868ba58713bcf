// Rank correlations between parameters and the value, as a table: a number and a color for each pair.

import { createMemo, For, type JSX, Show } from "solid-js";
import { valued } from "../best";
import { type Sweep, useSweep } from "../model";
import { count } from "../parts/format";
import { Scroll } from "../parts/scroll";
import { type Column, correlations } from "../ranks";
import { link, shared } from "../routes";
import type { Places } from "../source/columns";

/** More runs than these change no second digit. */
const MOST = 20_000;

export function Ranks(): JSX.Element {
  const sweep = useSweep();
  const columns = createMemo(() => columnsOf(sweep));
  const rows = createMemo(() => rowsOf(sweep));
  const found = createMemo(() => (sweep.history(), correlations(columns(), rows())));
  const left = createMemo(() => (sweep.history()?.parameters ?? []).filter((column) => !orderOf(column)).map(({ name }) => name));
  return (
    <section class="card" aria-labelledby="ranks-title">
      <header>
        <h2 id="ranks-title">Rank correlation</h2>
        <p class="legend">
          <span class="swatch minus" /> opposite orders <span class="swatch plus" /> same order
        </p>
      </header>
      <Show when={rows().length > 2 && columns().length > 1} fallback={<p class="empty">Correlations need three runs with a value.</p>}>
        <Matrix columns={columns()} found={found()} />
        <p class="muted">
          Spearman's correlation of {count(rows().length)} runs, from −1 to 1. 0 means that the orders have nothing to do with each other,
          or that the best values lie in the middle.
          <Show when={left().length > 0}> Without {left().join(", ")}: categories have no order.</Show>
        </p>
      </Show>
    </section>
  );
}

function Matrix(props: { columns: Column[]; found: number[][] }): JSX.Element {
  const { id } = useSweep();
  const to = (x: string, y: string): string => link(["s", id, "space"], { ...shared(), x, y });
  const last = (): number => props.columns.length - 1;
  // The line of the metric first, as it is what one looks for; that of the first parameter would be empty.
  const order = (): number[] => Array.from({ length: last() }, (_, k) => k || last());
  return (
    <Scroll label="Rank correlations">
      <table class="ranks">
        <thead>
          <tr>
            <td />
            <For each={props.columns.slice(0, -1)}>
              {({ name }) => (
                <th scope="col" title={name}>
                  {name}
                </th>
              )}
            </For>
          </tr>
        </thead>
        <tbody>
          <For each={order()}>
            {(i) => (
              <tr>
                <th scope="row">{props.columns[i].name}</th>
                <For each={props.columns.slice(0, -1)}>
                  {(column, j) => (
                    <td class="numeric" style={{ "background-color": colorOf(props.found[i][j()]) }}>
                      <Show when={!Number.isNaN(props.found[i][j()])}>
                        <Show when={i < last()} fallback={written(props.found[i][j()])}>
                          <a
                            href={to(column.name, props.columns[i].name)}
                            title={`The model over ${column.name} and ${props.columns[i].name}`}
                          >
                            {written(props.found[i][j()])}
                          </a>
                        </Show>
                      </Show>
                    </td>
                  )}
                </For>
              </tr>
            )}
          </For>
        </tbody>
      </table>
    </Scroll>
  );
}

function written(x: number): string {
  return x.toFixed(2).replace("-", "−");
}

function colorOf(x: number): string {
  if (Number.isNaN(x)) return "transparent";
  return `color-mix(in srgb, var(--${x < 0 ? "minus" : "plus"}) ${Math.round(100 * Math.abs(x))}%, var(--surface))`;
}

/** The parameters that have an order, and the metric last. */
function columnsOf(sweep: Sweep): Column[] {
  const history = sweep.history();
  const parameters = (history?.parameters ?? []).flatMap((column) => {
    const of = orderOf(column);
    return of ? [{ name: column.name, of }] : [];
  });
  return [...parameters, { name: sweep.metric().name, of: (row) => history?.value[row] ?? NaN }];
}

/** What the values of a parameter are ordered by; categories have an order if they are numbers. */
function orderOf(column: Places): Column["of"] | null {
  const { scale, values } = column.axis;
  if (scale !== "category") return (row) => column.places[row];
  if (!values?.every((value) => typeof value === "number")) return null;
  return (row) => values[Math.min(values.length - 1, Math.floor(column.places[row] * values.length))] ?? NaN;
}

/** Runs with a value that the filter lets through: all, or evenly spread ones of very many. */
function rowsOf(sweep: Sweep): Uint32Array {
  const rows = valued(sweep.shown(), sweep.history()?.value);
  const step = Math.max(1, rows.length / MOST);
  return Uint32Array.from({ length: Math.ceil(rows.length / step) }, (_, k) => rows[Math.floor(k * step)]);
}
