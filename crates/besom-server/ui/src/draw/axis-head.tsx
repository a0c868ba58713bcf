// The name of an axis: a menu for the keyboard and for what a pointer cannot do, and a handle to drag the axis by.

import { createSignal, type JSX, Show } from "solid-js";
import { useSweep } from "../model";
import { value as anyValue } from "../parts/format";
import { Menu } from "../parts/menu";
import { brushOf, type Drawn, type Setting } from "./axes";
import { valueAt } from "./scales";

interface Props {
  axis: Drawn;
  index: number;
  x: number;
  gap: number;
  all: Drawn[];
  set: (all: Setting[]) => void;
}

export function AxisHead(props: Props): JSX.Element {
  const [shift, setShift] = createSignal(0);
  const move = (to: number): void => {
    const rest: Setting[] = props.all.filter((_, i) => i !== props.index);
    rest.splice(Math.max(0, Math.min(rest.length, to)), 0, props.axis);
    props.set(rest);
  };
  const change = (part: Partial<Setting>): void => props.set(props.all.map((axis, i) => (i === props.index ? { ...axis, ...part } : axis)));
  const side = (): "left" | "right" => (props.index * 2 >= props.all.length ? "right" : "left");
  const style = (): JSX.CSSProperties => ({ left: `${props.x + shift()}px`, "max-width": `${Math.max(60, props.gap - 6)}px` });
  return (
    <div class="head" classList={{ dragged: shift() !== 0 }} style={style()} {...dragging(props, setShift, move)}>
      <Menu label={props.axis.name} title={`Settings of the axis ${props.axis.name}`} side={side()}>
        <button type="button" disabled={props.index === 0} onClick={() => move(props.index - 1)}>
          Move left
        </button>
        <button type="button" disabled={props.index === props.all.length - 1} onClick={() => move(props.index + 1)}>
          Move right
        </button>
        <button type="button" aria-pressed={props.axis.isReversed} onClick={() => change({ isReversed: !props.axis.isReversed })}>
          Reverse
        </button>
        <Show when={props.axis.canSwitch}>
          <button type="button" onClick={() => change({ isOther: !props.axis.isOther })}>
            {props.axis.axis.scale === "log" ? "Linear scale" : "Log scale"}
          </button>
        </Show>
        <Show when={props.all.length > 2}>
          <button type="button" onClick={() => props.set(props.all.filter((_, i) => i !== props.index))}>
            Hide
          </button>
        </Show>
        <Sliders axis={props.axis} />
      </Menu>
    </div>
  );
}

/** A brush by keys: its two ends as sliders. */
function Sliders(props: { axis: Drawn }): JSX.Element {
  const sweep = useSweep();
  const range = (): [number, number] => brushOf(props.axis, sweep.brushes()) ?? [0, 1];
  const text = (place: number): string => {
    const { axis, isReversed } = props.axis;
    return anyValue(valueAt(axis, isReversed ? 1 - place : place));
  };
  const set = (end: 0 | 1, to: number): void => {
    const next = range();
    next[end] = to;
    const [a, b] = next.map(props.axis.toBrush).sort((x, y) => x - y);
    const { [props.axis.name]: _, ...rest } = sweep.brushes();
    sweep.setBrushes(next[0] <= 0 && next[1] >= 1 ? rest : { ...rest, [props.axis.name]: [a, b] });
    sweep.brushed();
  };
  const slider = (end: 0 | 1, label: string): JSX.Element => (
    <label>
      {label} {text(range()[end])}
      <input
        type="range"
        min="0"
        max="1"
        step="0.01"
        value={range()[end]}
        aria-valuetext={text(range()[end])}
        onInput={(event) => set(end, event.currentTarget.valueAsNumber)}
      />
    </label>
  );
  return (
    <fieldset>
      <legend>Brush</legend>
      {slider(1, "up to")}
      {slider(0, "from")}
    </fieldset>
  );
}

type Pointer = PointerEvent & { currentTarget: HTMLElement };

/** Moves the axis to where its name is dragged; less than a few pixels is a click. */
function dragging(
  props: Props,
  setShift: (x: number) => void,
  move: (to: number) => void,
): {
  onPointerDown: (event: Pointer) => void;
  onPointerMove: (event: Pointer) => void;
  onPointerUp: (event: Pointer) => void;
  onClick: (event: MouseEvent) => void;
} {
  let start: number | null = null;
  let isDrag = false;
  const steps = (event: Pointer): number => (start === null ? 0 : Math.round((event.clientX - start) / props.gap));
  return {
    onPointerDown: (event) => {
      if (!(event.target as Element).closest("summary")) return;
      start = event.clientX;
      isDrag = false;
    },
    onPointerMove: (event) => {
      if (start === null) return;
      const by = event.clientX - start;
      if (!isDrag && Math.abs(by) > 6) {
        isDrag = true;
        event.currentTarget.setPointerCapture(event.pointerId);
      }
      if (isDrag) setShift(by);
    },
    onPointerUp: (event) => {
      const by = steps(event);
      start = null;
      setShift(0);
      if (isDrag && by !== 0) move(props.index + by);
    },
    // The end of a drag is no click on the name.
    onClick: (event) => {
      if (isDrag) event.preventDefault();
      isDrag = false;
    },
  };
}
