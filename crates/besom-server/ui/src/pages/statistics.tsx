// What the values say taken together: their distribution, and which parameters go with them.

import { createMemo, type JSX, Show } from "solid-js";
import { valued } from "../best";
import { Distribution, type Group } from "../draw/distribution";
import { type Sweep, useSweep } from "../model";
import { isLog, ScaleChoice } from "../parts/choices";
import { FilterBox } from "../parts/filter";
import { Ranks } from "./ranks";

/** With fewer runs, halves say nothing. */
const HALVED = 20;

export function Statistics(): JSX.Element {
  const sweep = useSweep();
  const groups = createMemo(() => groupsOf(sweep));
  return (
    <>
      <FilterBox />
      <div class="grid">
        <section class="card half" aria-labelledby="distribution-title">
          <header>
            <h2 id="distribution-title">Distribution</h2>
            <ScaleChoice of="history" />
          </header>
          <Show when={groups()[0].values.length > 0} fallback={<p class="empty">No run has a value yet.</p>}>
            <Distribution groups={groups()} metric={sweep.metric()} isLog={isLog("history")} height={330} />
            <p class="muted">
              Which share of the runs came to a value or a better one. If the search method learns, its second half of the runs lies to the
              better side of the first.
            </p>
          </Show>
        </section>
        <div class="half">
          <Ranks />
        </div>
      </div>
    </>
  );
}

/** All runs that the filter lets through, and the two halves of them. */
function groupsOf(sweep: Sweep): Group[] {
  const history = sweep.history();
  const rows = valued(sweep.shown(), history?.value);
  const values = (some: number[]): Float64Array => Float64Array.from(some, (row) => history!.value[row]).sort();
  const all = { name: "all runs", values: values(rows) };
  if (rows.length < HALVED) return [all];
  const middle = rows.length >> 1;
  return [all, { name: "first half", values: values(rows.slice(0, middle)) }, { name: "second half", values: values(rows.slice(middle)) }];
}
