// Whether the search's model can be trusted: what it predicted of a run against what came.

import { createMemo, type JSX, Show } from "solid-js";
import type { Theme } from "../draw/palette";
import { Plot, type Range, type Region } from "../draw/plot";
import { useSweep } from "../model";
import { load, Loaded } from "../parts/loaded";
import type { Calibration } from "../source/types";

export function CalibrationCard(): JSX.Element {
  const sweep = useSweep();
  const answer = load(
    () => sweep.detail()?.counts.finished || 1,
    () => sweep.source.json<Calibration>(`${sweep.path}/calibration`),
  );
  return (
    <section class="card" aria-labelledby="calibration-title">
      <header>
        <h2 id="calibration-title">Calibration</h2>
      </header>
      <Loaded of={answer}>
        {(found) => (
          <Show
            when={found().points.length > 0}
            fallback={<p class="empty">The search method {sweep.detail()?.method} has predicted no run yet.</p>}
          >
            <Scatter points={found().points} />
            <p class="muted">{within(found().points)} A run on the line came out as predicted; bars are one standard deviation.</p>
          </Show>
        )}
      </Loaded>
    </section>
  );
}

function within(points: Calibration["points"]): string {
  const share = points.filter(({ predicted, sd, observed }) => Math.abs(observed - predicted) <= 2 * sd).length / points.length;
  return `${Math.round(100 * share)} % of ${points.length} runs came within two standard deviations (95 % would be ideal).`;
}

function Scatter(props: { points: Calibration["points"] }): JSX.Element {
  const range = createMemo(() => {
    const all = props.points.flatMap(({ predicted, observed }) => [predicted, observed]).sort((a, b) => a - b);
    const [min, max] = [all[0], all[all.length - 1]];
    const margin = (max - min) * 0.05 || 0.5;
    return { min: min - margin, max: max + margin };
  });
  const axis = (label: string): Range => ({ ...range(), label });
  const paint = createMemo(() => {
    const { points } = props;
    const { min, max } = range();
    return (context: CanvasRenderingContext2D, region: Region, colors: Theme): void => {
      context.strokeStyle = colors.muted;
      context.lineWidth = region.ratio;
      line(context, region, [min, min], [max, max]);
      context.strokeStyle = context.fillStyle = colors.accent;
      for (const { predicted, sd, observed } of points) {
        context.globalAlpha = 0.4;
        line(context, region, [predicted - sd, observed], [predicted + sd, observed]);
        context.globalAlpha = 0.9;
        context.beginPath();
        context.arc(region.x(predicted), region.y(observed), 2.6 * region.ratio, 0, 2 * Math.PI);
        context.fill();
      }
      context.globalAlpha = 1;
    };
  });
  return (
    <Plot
      label={`Predicted against observed values of ${props.points.length} runs`}
      x={axis("predicted")}
      y={axis("observed")}
      height={330}
      paint={paint()}
    />
  );
}

function line(context: CanvasRenderingContext2D, region: Region, from: [number, number], to: [number, number]): void {
  context.beginPath();
  context.moveTo(region.x(from[0]), region.y(from[1]));
  context.lineTo(region.x(to[0]), region.y(to[1]));
  context.stroke();
}
