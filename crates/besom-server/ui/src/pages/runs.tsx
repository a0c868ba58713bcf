// All runs as a table: filtered, sorted, in the columns that the reader wants.

import { createMemo, For, type JSX } from "solid-js";
import { type Field, sorted } from "../fields";
import { useSweep } from "../model";
import { Actions } from "../parts/actions";
import { FilterBox } from "../parts/filter";
import { many } from "../parts/format";
import { useKeys } from "../parts/keys";
import { Menu } from "../parts/menu";
import { RunTable } from "../parts/table";
import { go, link, query, setQuery, shared } from "../routes";

export function Runs(): JSX.Element {
  const sweep = useSweep();
  const name = (): string => query("sort").replace(/^-/, "");
  const isDescending = (): boolean => query("sort").startsWith("-");
  const field = createMemo(() => sweep.fields().find(({ names }) => names.includes(name())));
  const rows = createMemo(() => (sweep.history(), sorted(sweep.shown(), field(), isDescending())));
  const by = (wanted: Field): void => {
    const own = wanted.names[0];
    // The third click on a column goes back to the order of the runs.
    const next = name() !== own ? own : isDescending() ? null : `-${own}`;
    setQuery({ sort: next });
  };
  const columns = useColumns();
  const compare = (): void => go(link(["s", sweep.id, "compare"], shared()));
  const hide = (): void => {
    sweep.hide([...new Set([...sweep.hidden().runs, ...sweep.picked()])]);
    sweep.pick([]);
  };
  useKeys([
    { keys: "c", does: "Compare the selected runs", act: compare },
    { keys: "h", does: "Hide the selected runs", act: () => sweep.picked().length > 0 && hide() },
  ]);
  return (
    <>
      <FilterBox />
      <div class="toolbar">
        <Columns />
        <button type="button" disabled={sweep.picked().length < 2} onClick={compare}>
          Compare selected
        </button>
        <button type="button" disabled={sweep.picked().length === 0} title="Leave them out of every picture" onClick={hide}>
          Hide selected
        </button>
        <StopSelected />
      </div>
      <RunTable rows={rows()} fields={columns()} label="Runs" sort={{ name: name(), isDescending: isDescending(), by }} />
    </>
  );
}

/** The chosen columns: the usual ones, unless the address says which. */
function useColumns(): () => Field[] {
  const sweep = useSweep();
  return createMemo(() => {
    const chosen = query("columns") ? query("columns").split(",") : null;
    return sweep.fields().filter((field) => (chosen ? chosen.includes(field.names[0]) : field.usual));
  });
}

function Columns(): JSX.Element {
  const sweep = useSweep();
  const columns = useColumns();
  const toggle = (field: Field): void => {
    const has = columns().includes(field);
    const next = sweep.fields().filter((other) => (other === field ? !has : columns().includes(other)));
    setQuery({ columns: next.map(({ names }) => names[0]).join(",") });
  };
  return (
    <Menu label="Columns" title="Choose columns">
      <For each={sweep.fields()}>
        {(field) => (
          <label>
            <input type="checkbox" checked={columns().includes(field)} onChange={() => toggle(field)} /> {field.title}
          </label>
        )}
      </For>
      <button type="button" onClick={() => setQuery({ columns: null })}>
        Usual columns
      </button>
    </Menu>
  );
}

function StopSelected(): JSX.Element {
  const sweep = useSweep();
  const running = (): number[] => sweep.picked().filter((run) => sweep.history()?.stateOf(run - 1) === "running");
  const actions = (): { label: string; says: string; act: () => Promise<unknown> }[] => {
    if (running().length === 0) return [];
    const says = `${many(running().length, "running run")} among the selected ones will be asked to stop, and ended by their agents. They count with what they have logged.`;
    return [
      {
        label: "Stop selected",
        says,
        act: () => sweep.source.post(`${sweep.path}/stops`, { runs: running() }),
      },
    ];
  };
  return <Actions actions={actions()} />;
}
