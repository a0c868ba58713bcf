// The parameters of a run beside those of the best one.

import { For, type JSX, Show } from "solid-js";
import { useSweep } from "../model";
import { enqueueing } from "../parts/again";
import { Command } from "../parts/command";
import { value } from "../parts/format";
import type { Answer } from "../parts/loaded";
import { Scroll } from "../parts/scroll";
import { link, shared } from "../routes";
import { leaves } from "../source/params";
import type { Params, Run, RunDetail } from "../source/types";

export function Parameters(props: { run: RunDetail; best: Answer<Run> }): JSX.Element {
  const sweep = useSweep();
  const best = (): Map<string, Params[string]> => new Map(leaves(props.best.latest()?.params ?? {}));
  const other = (): number | undefined => sweep.detail()?.best?.run;
  const isOther = (): boolean => other() !== undefined && other() !== props.run.number;
  const names = (): [string, Params[string]][] => leaves(props.run.params);
  return (
    <section class="card" aria-labelledby="params-title">
      <header>
        <h2 id="params-title">Parameters</h2>
      </header>
      <Scroll label="Parameters">
        <table>
          <thead>
            <tr>
              <th>Name</th>
              <th class="numeric">Run {props.run.number}</th>
              <Show when={isOther()}>
                <th class="numeric">
                  <a href={link(["s", sweep.id, "runs", other()!], shared())}>Best (run {other()})</a>
                </th>
              </Show>
            </tr>
          </thead>
          <tbody>
            <For each={names()}>
              {([name, v]) => (
                <tr classList={{ same: isOther() && value(best().get(name)) === value(v) }}>
                  <td>{name}</td>
                  <td class="numeric">{value(v)}</td>
                  <Show when={isOther()}>
                    <td class="numeric">{value(best().get(name))}</td>
                  </Show>
                </tr>
              )}
            </For>
          </tbody>
        </table>
      </Scroll>
      <p class="muted">
        To run it again, changed or not: <Command text={enqueueing(sweep, props.run.params)} />
      </p>
    </section>
  );
}
