// The curves of the compared runs in one picture, each in a color of its own.

import { For, type JSX, Show } from "solid-js";
import { CurvePlot } from "../draw/curve-plot";
import { series } from "../draw/palette";
import { useSweep } from "../model";
import { curvesOf, isLog, MetricChoice, ScaleChoice } from "../parts/choices";
import { load, Loaded } from "../parts/loaded";
import type { Curve, Run } from "../source/types";

export function Overlay(props: { runs: Run[] }): JSX.Element {
  const sweep = useSweep();
  const metrics = (): string[] => sweep.detail()?.metrics ?? [];
  const metric = (): string => curvesOf(metrics());
  const numbers = (): string => props.runs.map((run) => run.number).join(",");
  const curves = load(
    () => metric() && `${metric()} ${numbers()}`,
    () =>
      sweep.source.json<{ curves: Curve[] }>(`${sweep.path}/curves?metric=${encodeURIComponent(metric())}&runs=${numbers()}&buckets=200`),
  );
  return (
    <Show when={metric()}>
      <section class="card" aria-labelledby="overlay-title">
        <header>
          <h2 id="overlay-title">Curves</h2>
          <MetricChoice metrics={metrics()} />
          <ScaleChoice of="curve-scale" />
        </header>
        <Loaded of={curves}>
          {(answer) => (
            <CurvePlot
              curves={answer().curves}
              metric={metric()}
              isLog={isLog("curve-scale")}
              goal={sweep.metric().goal}
              height={320}
              thresholds={[]}
              strong={[]}
              order={props.runs.map((run) => run.number)}
            />
          )}
        </Loaded>
        <p class="legend">
          <For each={props.runs}>
            {(run, i) => (
              <span>
                <i class="swatch" style={{ "background-color": series(i()) }} />
                run {run.number}
              </span>
            )}
          </For>
        </p>
      </section>
    </Show>
  );
}
