// The pictures of a sweep, which share what is filtered, brushed and picked.

import { createMemo, type JSX, Show } from "solid-js";
import { Curves } from "../draw/curves";
import { bestOf } from "../best";
import { FrontCard } from "../draw/front";
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
    <Show
      when={!isEmpty()}
      fallback={<p class="card empty">No run yet. The search method suggests the first ones when an agent asks for work.</p>}
    >
      <FilterBox />
      <div class="grid">
        <div class="two-thirds">
          <HistoryPicture />
        </div>
        <div class="third">
          <ImportanceBars />
        </div>
        <div class="full">
          <Parallel />
        </div>
        <div class="half">
          <Curves />
        </div>
        <div class="half">
          <Show when={(sweep.detail()?.goals.length ?? 0) > 1} fallback={<Best />}>
            <FrontCard />
          </Show>
        </div>
      </div>
    </Show>
  );
}

function Best(): JSX.Element {
  const sweep = useSweep();
  const rows = createMemo(() => {
    const value = sweep.history()?.value ?? new Float64Array();
    return bestOf(sweep.shown(), value, sweep.metric().goal, 10);
  });
  const fields = createMemo(() => sweep.fields().filter((field) => field.usual && !["steps", "time"].includes(field.names[0])));
  return (
    <section class="card" aria-labelledby="best-title">
      <header>
        <h2 id="best-title">The 10 best by {sweep.metric().name}</h2>
      </header>
      <RunTable rows={rows()} fields={fields()} label="The 10 best runs" isShort />
    </section>
  );
}
