// The pictures of a sweep, which share what is filtered, brushed and picked.

import { createMemo, type JSX, Show } from "solid-js";
import { Curves } from "../draw/curves";
import { HistoryPicture } from "../draw/history";
import { ImportanceBars } from "../draw/importance";
import { Parallel } from "../draw/parallel";
import { useSweep } from "../model";
import { FilterBox } from "../parts/filter";
import { RunTable } from "../parts/table";

export function Overview(): JSX.Element {
  const sweep = useSweep();
  const isEmpty = (): boolean => (sweep.history()?.runs ?? 0) === 0;
  return (
    <Show when={!isEmpty()} fallback={<p class="card empty">No run yet. The search method suggests the first ones when an agent asks for work.</p>}>
      <FilterBox />
      <div class="grid">
        <div class="two-thirds"><HistoryPicture /></div>
        <div class="third"><ImportanceBars /></div>
        <div class="full"><Parallel /></div>
        <div class="half"><Curves /></div>
        <div class="half"><Best /></div>
      </div>
    </Show>
  );
}

function Best(): JSX.Element {
  const sweep = useSweep();
  const metric = (): string => sweep.detail()?.metric?.name ?? "value";
  const rows = createMemo(() => {
    const field = sweep.fields().find(({ names }) => names.includes("best"));
    return best(sweep.shown(), (i) => (field?.key(i) as number) ?? NaN, sweep.detail()?.metric?.goal === "maximize");
  });
  const fields = createMemo(() => sweep.fields().filter((field) => field.usual && !["steps", "time"].includes(field.names[0])));
  return (
    <section class="card" aria-labelledby="best-title">
      <header><h2 id="best-title">The 10 best by {metric()}</h2></header>
      <RunTable rows={rows()} fields={fields()} label="The 10 best runs" isShort />
    </section>
  );
}

/** The ten best rows without sorting all. */
function best(mask: Uint8Array, value: (row: number) => number, isMaximized: boolean): Uint32Array {
  const sign = isMaximized ? -1 : 1;
  let few: number[] = [];
  let worst = Infinity;
  for (let i = 0; i < mask.length; i += 1) {
    const loss = sign * value(i);
    if (!mask[i] || !(loss < worst || (few.length < 10 && !Number.isNaN(loss)))) continue;
    few.push(i);
    few.sort((a, b) => sign * value(a) - sign * value(b) || a - b);
    few = few.slice(0, 10);
    if (few.length === 10) worst = sign * value(few[9]);
  }
  return Uint32Array.from(few);
}
