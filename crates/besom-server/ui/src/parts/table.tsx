// A table of runs of which only the rows in sight exist: 100,000 runs cost what 40 do.

import { createEffect, createMemo, createSignal, For, Index, type JSX, on, onCleanup, onMount, Show } from "solid-js";
import type { Field } from "../fields";
import { useSweep } from "../model";
import { go, link, shared } from "../routes";
import { useKeys } from "./keys";
import { State } from "./state";

const ROW = 30;
const SPARE = 6;

interface Props {
  rows: Uint32Array;
  fields: Field[];
  label: string;
  /** Without scrolling and keys of its own. */
  isShort?: boolean;
  sort?: { name: string; isDescending: boolean; by: (field: Field) => void };
}

export function RunTable(props: Props): JSX.Element {
  const sweep = useSweep();
  const [top, setTop] = createSignal(0);
  const [height, setHeight] = createSignal(600);
  const [cursor, setCursor] = createSignal(-1);
  let place!: HTMLDivElement;
  const first = (): number => (props.isShort ? 0 : Math.max(0, Math.floor(top() / ROW) - SPARE));
  const visible = createMemo(() => {
    // A change of the history changes what rows say.
    sweep.history();
    return Array.from(props.rows.subarray(first(), props.isShort ? 10 : first() + Math.ceil(height() / ROW) + 2 * SPARE));
  });
  onMount(() => {
    const observer = new ResizeObserver(() => setHeight(place.clientHeight));
    observer.observe(place);
    onCleanup(() => observer.disconnect());
  });
  const columns = (): string => `34px ${props.fields.map(widthOf).join(" ")}`;
  if (!props.isShort) rowKeys(props, cursor, setCursor, () => place);
  createEffect(
    on(
      () => props.rows,
      () => cursor() >= props.rows.length && setCursor(props.rows.length - 1),
    ),
  );
  return (
    <div
      class="table"
      classList={{ short: props.isShort === true }}
      role="grid"
      aria-label={props.label}
      aria-rowcount={props.rows.length + 1}
      aria-colcount={props.fields.length + 1}
      tabindex="0"
      ref={place}
      style={{ "--columns": columns() }}
      onScroll={() => setTop(place.scrollTop)}
    >
      <div class="row heads" role="row" aria-rowindex="1">
        <span role="columnheader">
          <span class="hidden">Selected</span>
        </span>
        <For each={props.fields}>{(field) => <ColumnHead field={field} sort={props.sort} />}</For>
      </div>
      <div class="rows" role="rowgroup" style={{ height: `${props.rows.length * ROW}px` }}>
        <Index each={visible()}>
          {(row, i) => (
            <Row row={row()} at={first() + i} fields={props.fields} isAt={cursor() === first() + i} point={() => setCursor(first() + i)} />
          )}
        </Index>
      </div>
      <Show when={props.rows.length === 0}>
        <p class="empty">No run matches the filter and the brushes.</p>
      </Show>
    </div>
  );
}

function widthOf(field: Field): string {
  if (field.names[0] === "run") return "72px";
  if (field.names[0] === "state") return "104px";
  const wanted = Math.max(field.numeric ? 84 : 100, Math.min(190, field.title.length * 7.2 + 30));
  return `minmax(${Math.round(wanted)}px, 1fr)`;
}

function ColumnHead(props: { field: Field; sort: Props["sort"] }): JSX.Element {
  const isSorted = (): boolean => props.field.names.includes(props.sort?.name ?? "");
  const direction = (): "ascending" | "descending" | "none" =>
    !isSorted() ? "none" : props.sort!.isDescending ? "descending" : "ascending";
  return (
    <span role="columnheader" classList={{ numeric: props.field.numeric }} aria-sort={props.sort ? direction() : undefined}>
      <Show
        when={props.sort}
        fallback={
          <span class="cut" title={props.field.title}>
            {props.field.title}
          </span>
        }
      >
        <button type="button" onClick={() => props.sort?.by(props.field)} title={`Sort by ${props.field.title}`}>
          <span class="cut">{props.field.title}</span>
          {isSorted() ? (props.sort!.isDescending ? " ▾" : " ▴") : ""}
        </button>
      </Show>
    </span>
  );
}

function Row(props: { row: number; at: number; fields: Field[]; isAt: boolean; point: () => void }): JSX.Element {
  const sweep = useSweep();
  const run = (): number => props.row + 1;
  const isPicked = (): boolean => sweep.picked().includes(run());
  return (
    <div
      class="row"
      role="row"
      aria-rowindex={props.at + 2}
      aria-selected={isPicked()}
      classList={{ at: props.isAt, hovered: sweep.hovered() === run() }}
      style={{ transform: `translateY(${props.at * ROW}px)` }}
      onMouseEnter={() => sweep.hover(run())}
      onMouseLeave={() => sweep.hover(null)}
      onClick={() => props.point()}
    >
      <span role="gridcell">
        <input type="checkbox" checked={isPicked()} onChange={() => sweep.toggle(run())} aria-label={`Select run ${run()}`} />
      </span>
      <For each={props.fields}>{(field) => <Cell field={field} row={props.row} />}</For>
    </div>
  );
}

function Cell(props: { field: Field; row: number }): JSX.Element {
  const { id, history } = useSweep();
  const text = (): string => (history(), props.field.text(props.row));
  const own = (): string => props.field.names[0];
  return (
    <span role="gridcell" classList={{ numeric: props.field.numeric }}>
      <Show
        when={own() === "run"}
        fallback={
          <Show
            when={own() === "state"}
            fallback={
              <span class="cut" title={text()}>
                {text()}
              </span>
            }
          >
            <State state={(history(), history()!.stateOf(props.row))} />
          </Show>
        }
      >
        <a href={link(["s", id, "runs", props.row + 1], shared())}>{props.row + 1}</a>
      </Show>
    </span>
  );
}

function rowKeys(props: Props, cursor: () => number, setCursor: (at: number) => void, place: () => HTMLElement): void {
  const sweep = useSweep();
  const step = (by: number): void => {
    const at = Math.max(0, Math.min(props.rows.length - 1, cursor() + by));
    setCursor(at);
    const [top, height] = [place().scrollTop, place().clientHeight - ROW];
    if (at * ROW < top) place().scrollTop = at * ROW;
    else if ((at + 2) * ROW > top + height + ROW) place().scrollTop = (at + 2) * ROW - height;
  };
  const run = (): number | undefined => (cursor() >= 0 && cursor() < props.rows.length ? props.rows[cursor()] + 1 : undefined);
  const page = (): number => Math.floor(place().clientHeight / ROW) - 2;
  useKeys([
    { keys: "j", does: "Next run", act: () => step(1) },
    { keys: "k", does: "Previous run", act: () => step(-1) },
    { keys: "ArrowDown", does: "Next run", act: () => step(1) },
    { keys: "ArrowUp", does: "Previous run", act: () => step(-1) },
    { keys: "PageDown", does: "A page of runs down", act: () => step(page()) },
    { keys: "PageUp", does: "A page of runs up", act: () => step(-page()) },
    { keys: "Home", does: "First run", act: () => step(-Infinity) },
    { keys: "End", does: "Last run", act: () => step(Infinity) },
    { keys: "x", does: "Select or unselect the run", act: () => void (run() && sweep.toggle(run()!)) },
    { keys: "Enter", does: "Open the run", act: () => void (run() && go(link(["s", sweep.id, "runs", run()!], shared()))) },
  ]);
}
