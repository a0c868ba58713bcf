// How much of the spread of the metric each parameter explains.

import { For, type JSX, Show } from "solid-js";
import { useSweep } from "../model";
import { load, Loaded } from "../parts/loaded";
import { link, shared } from "../routes";
import type { Importance } from "../source/types";

export function ImportanceBars(): JSX.Element {
  const sweep = useSweep();
  // Grows with the logarithm of the runs: an importance of 400 runs is that of 410.
  const key = (): string | false => {
    const { finished = 0, stopped = 0 } = sweep.detail()?.counts ?? {};
    return finished + stopped > 0 && `${Math.floor(8 * Math.log2(finished + stopped))}`;
  };
  const answer = load(key, () => sweep.source.json<Importance>(`${sweep.path}/importance`));
  return (
    <section class="card" aria-labelledby="importance-title">
      <header>
        <h2 id="importance-title">Importance</h2>
      </header>
      <Show when={key()} fallback={<p class="empty">Importance needs finished runs.</p>}>
        <Loaded of={answer}>
          {(found) => (
            <>
              <Show when={found().importance.length > 0}>
                <Bars all={found().importance} />
              </Show>
              <Show
                when={found().note}
                fallback={
                  <p class="muted">
                    Share of the variance of {sweep.metric().name} that a parameter explains: alone, and (paler) together with others.
                  </p>
                }
              >
                <p class="muted">{found().note}</p>
              </Show>
            </>
          )}
        </Loaded>
      </Show>
    </section>
  );
}

function Bars(props: { all: Importance["importance"] }): JSX.Element {
  const { id } = useSweep();
  const sorted = (): Importance["importance"] => [...props.all].sort((a, b) => b.value - a.value);
  const most = (): number => Math.max(1e-9, ...props.all.map(({ value }) => value));
  const percent = (x: number): string => `${(100 * x).toFixed(x < 0.0995 ? 1 : 0)} %`;
  return (
    <ol class="bars">
      <For each={sorted()}>
        {({ parameter, value, interactions }) => (
          <li>
            <a class="cut" href={link(["s", id, "space"], { ...shared(), x: parameter })} title={`The model over ${parameter}`}>
              {parameter}
            </a>
            <span class="track" aria-hidden="true">
              <i style={{ width: `${(100 * (value - (interactions ?? 0))) / most()}%` }} />
              <i class="weak" style={{ width: `${(100 * (interactions ?? 0)) / most()}%` }} />
            </span>
            <span class="figure">{percent(value)}</span>
          </li>
        )}
      </For>
    </ol>
  );
}
