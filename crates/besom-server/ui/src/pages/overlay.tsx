// The curves of the compared runs in one picture, each in a color of its own.

import { For, type JSX, Show } from "solid-js";
import { CurvePlot } from "../draw/curve-plot";
import { series } from "../draw/palette";
import { useSweep } from "../model";
import { load, Loaded } from "../parts/loaded";
import { Segments } from "../parts/segments";
import { query, setQuery } from "../routes";
import type { Curve, Run } from "../source/types";

export function Overlay(props: { runs: Run[] }): JSX.Element {
  const sweep = useSweep();
  const metrics = (): string[] => sweep.detail()?.metrics ?? [];
  const metric = (): string => query("curves") || metrics()[0] || "";
  const numbers = (): string => props.runs.map((run) => run.number).join(",");
  const curves = load(
    () => metric() && `${metric()} ${numbers()}`,
    () =>
      sweep.source.json<{ curves: Curve[] }>(
        `v1/sweeps/${encodeURIComponent(sweep.id)}/curves?metric=${encodeURIComponent(metric())}&runs=${numbers()}&buckets=200`,
      ),
  );
  return (
    <Show when={metric()}>
      <section class="card" aria-labelledby="overlay-title">
        <header>
          <h2 id="overlay-title">Curves</h2>
          <Show when={metrics().length > 1}>
            <select
              aria-label="Metric of the curves"
              value={metric()}
              onChange={(event) => setQuery({ curves: event.currentTarget.value })}
            >
              <For each={metrics()}>{(name) => <option selected={name === metric()}>{name}</option>}</For>
            </select>
          </Show>
          <Segments
            label="Scale of the values"
            options={["linear", "log"]}
            value={query("curve-scale") || "linear"}
            choose={(to) => setQuery({ "curve-scale": to === "log" ? to : null })}
          />
        </header>
        <Loaded of={curves}>
          {(answer) => (
            <CurvePlot
              curves={answer().curves}
              metric={metric()}
              isLog={query("curve-scale") === "log"}
              goal={sweep.detail()?.metric?.goal ?? "minimize"}
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
