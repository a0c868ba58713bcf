// Several lines that hold their value until the next point, each in a color of its own, with what each has where the pointer is.

import { createMemo, createSignal, For, type JSX } from "solid-js";
import { number } from "../parts/format";
import { series, type Theme } from "./palette";
import { Plot, type Range, type Region } from "./plot";

export interface StepLine {
  name: string;
  /** In rising order of x. */
  points: [x: number, y: number][];
  /** Where it ends, if that is beyond its last point. */
  end?: number;
}

interface Props {
  label: string;
  lines: StepLine[];
  x: Range;
  y: Range;
  height: number;
  /** How a place on the x axis is written. */
  at: (x: number) => string;
}

export function StepPlot(props: Props): JSX.Element {
  const [at, setAt] = createSignal<number | null>(null);
  const paint = createMemo(() => {
    const { lines } = props;
    return (context: CanvasRenderingContext2D, region: Region, _: Theme): void => {
      lines.forEach((line, i) => paintLine(context, region, line, series(i)));
    };
  });
  const reading = (line: StepLine): string => (at() === null ? "" : ` ${number(valueOf(line, at()!))}`);
  return (
    <>
      <Plot
        label={props.label}
        x={props.x}
        y={props.y}
        height={props.height}
        paint={paint()}
        point={(place, region) => setAt(place && region.xAt(place.x))}
      />
      <p class="legend">
        {at() === null ? "" : <span>{props.at(at()!)}</span>}
        <For each={props.lines}>
          {(line, i) => (
            <span>
              <i class="swatch" style={{ "background-color": series(i()) }} />
              {line.name}
              {reading(line)}
            </span>
          )}
        </For>
      </p>
    </>
  );
}

function paintLine(context: CanvasRenderingContext2D, region: Region, { points, end }: StepLine, color: string): void {
  context.strokeStyle = color;
  context.lineWidth = 2 * region.ratio;
  context.lineJoin = "round";
  context.beginPath();
  points.forEach(([x, y], i) => {
    if (i > 0) context.lineTo(region.x(x), region.y(points[i - 1][1]));
    context.lineTo(region.x(x), region.y(y));
  });
  const last = points.at(-1);
  if (last && end !== undefined) context.lineTo(region.x(end), region.y(last[1]));
  context.stroke();
}

/** The value that holds at a place; not a number before the first. */
function valueOf({ points }: StepLine, x: number): number {
  let [from, to] = [0, points.length];
  while (from < to) {
    const middle = (from + to) >> 1;
    if (points[middle][0] <= x) from = middle + 1;
    else to = middle;
  }
  return points[from - 1]?.[1] ?? NaN;
}
