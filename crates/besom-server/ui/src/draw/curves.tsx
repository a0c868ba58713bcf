// Learning curves of the best runs, with the thresholds of the stopping rule.

import { createMemo, createSignal, type JSX, Show } from "solid-js";
import { useSweep } from "../model";
import { curvesOf, isLog, MetricChoice, ScaleChoice } from "../parts/choices";
import { many } from "../parts/format";
import { load, Loaded } from "../parts/loaded";
import { Readout } from "../parts/readout";
import { go, link, shared } from "../routes";
import type { Curve, Stopper } from "../source/types";
import { CurvePlot } from "./curve-plot";

const BEST = 200;

export function Curves(): JSX.Element {
  const sweep = useSweep();
  const metrics = (): string[] => sweep.detail()?.metrics ?? [];
  const metric = createMemo(() => curvesOf(metrics()));
  // Asked for again when the best or the number of runs that ended changed, not at each row.
  const key = createMemo(
    () => metric() && `${metric()} ${sweep.detail()?.best?.run} ${Math.floor(Math.log2(ended(sweep.detail()?.counts)))}`,
  );
  const curves = load(key, () =>
    sweep.source.json<{ curves: Curve[] }>(`${sweep.path}/curves?metric=${encodeURIComponent(metric())}&runs=best:${BEST}&buckets=200`),
  );
  const visible = (all: Curve[]): Curve[] => (sweep.hidden().rows ? all.filter(({ run }) => !sweep.hidden().runs.includes(run)) : all);
  const isWatched = (): boolean => metric() === sweep.metric().name;
  const stopper = load(
    () => sweep.detail()?.early_terminate && key(),
    () => sweep.source.json<Stopper | null>(`${sweep.path}/stopper`),
  );
  const [near, setNear] = createSignal<number | null>(null);
  return (
    <section class="card" aria-labelledby="curves-title">
      <header>
        <h2 id="curves-title">Learning curves</h2>
        <MetricChoice metrics={metrics()} />
        <ScaleChoice of="curve-scale" />
      </header>
      <Show when={metric()} fallback={<p class="empty">No run has logged a metric yet.</p>}>
        <Loaded of={curves}>
          {(answer) => (
            <Show
              when={answer().curves.some(({ points }) => points.length > 1)}
              fallback={<p class="empty">Runs log one value each, so there are no curves.</p>}
            >
              <CurvePlot
                curves={visible(answer().curves)}
                metric={metric()}
                isLog={isLog("curve-scale")}
                goal={sweep.metric().goal}
                height={250}
                thresholds={isWatched() ? (stopper.latest()?.thresholds ?? []) : []}
                strong={sweep.picked()}
                near={setNear}
                click={() => near() !== null && go(link(["s", sweep.id, "runs", near()!], shared()))}
              />
              <p class="legend">
                <span>{many(visible(answer().curves).length, "best run")}</span>
                <Show when={stopper.latest()?.thresholds.length && isWatched()}>
                  <span>
                    <i class="dash threshold" />
                    threshold of {stopper.latest()!.rule}
                  </span>
                </Show>
                <span>■ ends where a rule stopped it</span>
              </p>
              <Readout
                run={near()}
                idle={stopper.latest()?.sentence ?? "Point at a curve to read it, click to open its run, drag to zoom."}
              />
            </Show>
          )}
        </Loaded>
      </Show>
    </section>
  );
}

function ended(counts: Record<string, number> | undefined): number {
  return 1 + (counts ? counts.finished + counts.stopped : 0);
}
