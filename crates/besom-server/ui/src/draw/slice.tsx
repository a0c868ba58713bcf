// What the model expects along one parameter, with its standard deviation, and the values of the runs.

import { createMemo, type JSX } from "solid-js";
import { useSweep } from "../model";
import type { Surface } from "../source/types";
import { jitter } from "./axes";
import type { Theme } from "./palette";
import { Plot, type Range, type Region } from "./plot";
import { drawPoints } from "./points";
import { axisOf } from "./scales";

export function Slice(props: { name: string; surface: Surface }): JSX.Element {
  const sweep = useSweep();
  const places = (): Float32Array => sweep.history()?.parameters.find(({ name }) => name === props.name)?.places ?? new Float32Array();
  const y = createMemo((): Range => {
    const seen = axisOf(sweep.values(), "linear", sweep.metric().goal);
    const ends = props.surface.mean.flatMap((m, i) => (m === null ? [] : [m - (props.surface.sd[i] ?? 0), m + (props.surface.sd[i] ?? 0)]));
    return { min: Math.min(seen.min, ...ends), max: Math.max(seen.max, ...ends), label: sweep.metric().name };
  });
  const x = (): Range => ({ min: 0, max: 1, label: props.name });
  const paint = createMemo(() => {
    const spread = props.surface.x.scale === "category" ? 0.5 / Math.max(1, props.surface.x.ticks.length) : 0;
    const [history, shown, surface, at] = [sweep.history()!, sweep.shown(), props.surface, places()];
    return (context: CanvasRenderingContext2D, region: Region, colors: Theme): void => {
      drawPoints(context, region, {
        n: history.runs,
        xs: (i) => at[i] + spread * jitter(i),
        ys: history.value,
        mask: shown,
        strong: { color: colors.muted, alpha: 0.5 },
        weak: null,
      });
      if (surface.x.scale === "category") paintCategories(context, region, surface, colors);
      else paintMean(context, region, surface, colors);
    };
  });
  return (
    <Plot label={`What the model expects along ${props.name}`} x={x()} y={y()} ticks={props.surface.x.ticks} height={230} paint={paint()} />
  );
}

function paintMean(context: CanvasRenderingContext2D, region: Region, { mean, sd, grid }: Surface, colors: Theme): void {
  const x = (i: number): number => region.x((i + 0.5) / grid);
  const known = mean.map((_, i) => i).filter((i) => mean[i] !== null);
  context.fillStyle = context.strokeStyle = colors.best;
  context.globalAlpha = 0.22;
  context.beginPath();
  for (const i of known) context.lineTo(x(i), region.y(mean[i]! - (sd[i] ?? 0)));
  for (const i of known.toReversed()) context.lineTo(x(i), region.y(mean[i]! + (sd[i] ?? 0)));
  context.fill();
  context.globalAlpha = 1;
  context.lineWidth = 2 * region.ratio;
  context.beginPath();
  for (const i of known) context.lineTo(x(i), region.y(mean[i]!));
  context.stroke();
}

/** Categories have no values between them: a mark and a bar for each. */
function paintCategories(context: CanvasRenderingContext2D, region: Region, { x, mean, sd, grid }: Surface, colors: Theme): void {
  context.fillStyle = context.strokeStyle = colors.best;
  for (const { at } of x.ticks) {
    const i = Math.min(grid - 1, Math.floor(at * grid));
    if (mean[i] === null) continue;
    const [px, half] = [region.x(at), 14 * region.ratio];
    const [low, high] = [region.y(mean[i]! - (sd[i] ?? 0)), region.y(mean[i]! + (sd[i] ?? 0))];
    context.globalAlpha = 0.3;
    context.fillRect(px - half, high, 2 * half, low - high);
    context.globalAlpha = 1;
    context.fillRect(px - half, region.y(mean[i]!) - region.ratio, 2 * half, 2 * region.ratio);
  }
}
