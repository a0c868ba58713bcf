// One axis of parallel coordinates with its ticks, and the brush that a pointer draws along it.

import { createSignal, For, type JSX, Show } from "solid-js";
import { useSweep } from "../model";
import { brushOf, type Drawn } from "./axes";

const REACH = 14;

interface Props {
  axis: Drawn;
  x: number;
  top: number;
  bottom: number;
  moving: (isMoving: boolean) => void;
}

export function AxisLine(props: Props): JSX.Element {
  const sweep = useSweep();
  const y = (place: number): number => props.bottom - (props.bottom - props.top) * place;
  const brush = (): [number, number] | null => brushOf(props.axis, sweep.brushes());
  const pointer = brushPointer(props, brush);
  return (
    <g>
      <line class="axis" x1={props.x} x2={props.x} y1={props.top} y2={props.bottom} />
      <For each={props.axis.ticks}>
        {(tick) => (
          <>
            <line class="axis" x1={props.x - 4} x2={props.x} y1={y(tick.at)} y2={y(tick.at)} />
            <text class="tick" x={props.x - 7} y={y(tick.at) + 4} text-anchor="end">
              {short(tick.label)}
            </text>
          </>
        )}
      </For>
      <Show when={brush()}>
        {(range) => (
          <rect class="brush" x={props.x - 8} width={16} y={y(range()[1])} height={Math.max(2, y(range()[0]) - y(range()[1]))} rx={3} />
        )}
      </Show>
      <rect class="grip" x={props.x - REACH} width={2 * REACH} y={props.top - 8} height={props.bottom - props.top + 16} {...pointer} />
    </g>
  );
}

function short(label: string): string {
  return label.length > 9 ? `${label.slice(0, 8)}…` : label;
}

type Pointer = PointerEvent & { currentTarget: SVGRectElement };

/** Draws a brush, moves one that is there, or clears it by a click beside it. */
function brushPointer(
  props: Props,
  brush: () => [number, number] | null,
): {
  onPointerDown: (event: Pointer) => void;
  onPointerMove: (event: Pointer) => void;
  onPointerUp: () => void;
} {
  const sweep = useSweep();
  const [start, setStart] = createSignal<{ at: number; moves: [number, number] | null } | null>(null);
  let hasMoved = false;
  const place = (event: Pointer): number => {
    const box = event.currentTarget.ownerSVGElement!.getBoundingClientRect();
    const at = (props.bottom - (event.clientY - box.top)) / (props.bottom - props.top);
    return Math.max(0, Math.min(1, at));
  };
  const put = (from: number, to: number): void => {
    const [a, b] = [from, to].map((p) => props.axis.toBrush(Math.max(0, Math.min(1, p)))).sort((x, y) => x - y);
    sweep.setBrushes({ ...sweep.brushes(), [props.axis.name]: [a, b] });
  };
  return {
    onPointerDown: (event) => {
      event.preventDefault();
      event.currentTarget.setPointerCapture(event.pointerId);
      const at = place(event);
      const there = brush();
      hasMoved = false;
      setStart({ at, moves: there && at >= there[0] && at <= there[1] ? there : null });
      props.moving(true);
    },
    onPointerMove: (event) => {
      const from = start();
      if (!from) return;
      const at = place(event);
      hasMoved ||= Math.abs(at - from.at) > 0.01;
      if (!hasMoved) return;
      if (from.moves) put(from.moves[0] + at - from.at, from.moves[1] + at - from.at);
      else put(from.at, at);
    },
    onPointerUp: () => {
      if (!start()) return;
      if (!hasMoved && !start()!.moves) {
        const { [props.axis.name]: _, ...rest } = sweep.brushes();
        sweep.setBrushes(rest);
      }
      setStart(null);
      props.moving(false);
      sweep.brushed();
    },
  };
}
