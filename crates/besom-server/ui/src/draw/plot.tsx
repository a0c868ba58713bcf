// A frame of two axes with zoom by dragging; what is in it is painted by whoever asks.

import { createEffect, createMemo, createSignal, type JSX, on, onCleanup, onMount, Show } from "solid-js";
import { theme, type Theme } from "./palette";
import { drawFrame, type Region, regionOf, type Tick } from "./frame";

export type { Region } from "./frame";

export interface Range {
  min: number;
  max: number;
  label: string;
  scale?: "linear" | "log";
}

interface Props {
  /** What a reader who does not see it is told. */
  label: string;
  x: Range;
  y: Range;
  /** Ticks of x at places of their own. */
  ticks?: Tick[];
  height: number;
  paint: Paint;
  /** What changes more often than the rest, on a canvas above it. */
  above?: Paint;
  /** The pointer is here, in pixels of the canvas; null when it left. */
  point?: (at: { x: number; y: number } | null, region: Region) => void;
  click?: () => void;
}

type Paint = (context: CanvasRenderingContext2D, region: Region, theme: Theme) => void;

/** Less than this many pixels of dragging is a click. */
const DRAG = 6;

export function Plot(props: Props): JSX.Element {
  let canvas!: HTMLCanvasElement;
  let above!: HTMLCanvasElement;
  const [width, setWidth] = createSignal(0);
  const [zoom, setZoom] = createSignal<[number, number] | null>(null);
  const [cursor, setCursor] = createSignal<number | null>(null);
  const [start, setStart] = createSignal<number | null>(null);
  const x = (): Range => (zoom() ? { ...props.x, min: zoom()![0], max: zoom()![1] } : props.x);
  const region = createMemo(() => regionOf(width(), props.height, x(), props.y, devicePixelRatio));
  watchSize(() => canvas.parentElement!, setWidth);
  // A part of one axis is none of another.
  createEffect(
    on(
      () => props.x.label,
      () => setZoom(null),
      { defer: true },
    ),
  );
  drawLater(() => {
    if (width() < 40) return null;
    const [now, colors, paint, ticks, ranges] = [region(), theme(), props.paint, props.ticks, [x(), props.y] as const];
    return () => {
      const context = cleared(canvas, now);
      drawFrame(context, now, colors, ranges[0], ranges[1], ticks);
      paintWithin(context, now, colors, paint);
    };
  });
  drawLater(() => {
    const [now, colors, paint] = [region(), theme(), props.above];
    return width() < 40 || !paint ? null : () => paintWithin(cleared(above, now), now, colors, paint);
  });
  const move = (event: PointerEvent): void => {
    const at = pointIn(event, canvas, region());
    setCursor(at && at.x / region().ratio);
    if (start() === null) props.point?.(at, region());
  };
  const up = (): void => {
    const [from, to] = [start(), cursor()];
    setStart(null);
    if (from === null || to === null) return;
    if (Math.abs(to - from) < DRAG) props.click?.();
    else setZoom([region().xAt(Math.min(from, to) * region().ratio), region().xAt(Math.max(from, to) * region().ratio)]);
  };
  const leave = (): void => {
    setCursor(null);
    setStart(null);
    props.point?.(null, region());
  };
  const span = (): { left: number; width: number } => ({ left: Math.min(start()!, cursor()!), width: Math.abs(cursor()! - start()!) });
  return (
    <div
      class="plot"
      role="img"
      aria-label={props.label}
      style={{ height: `${props.height}px` }}
      onPointerMove={move}
      onPointerLeave={leave}
      onPointerUp={up}
      onPointerDown={(event) => event.button === 0 && (move(event), setStart(cursor()))}
      onDblClick={() => setZoom(null)}
    >
      <canvas ref={canvas} />
      <canvas ref={above} />
      <Show when={cursor() !== null}>
        <i class="cursor" style={{ transform: `translateX(${cursor()}px)` }} />
      </Show>
      <Show when={start() !== null && cursor() !== null}>
        <i class="select" style={{ left: `${span().left}px`, width: `${span().width}px` }} />
      </Show>
    </div>
  );
}

/** Keeps a signal at the width of an element. */
export function watchSize(element: () => HTMLElement, set: (width: number) => void): void {
  onMount(() => {
    const observer = new ResizeObserver(([entry]) => set(Math.floor(entry.contentRect.width)));
    observer.observe(element());
    onCleanup(() => observer.disconnect());
  });
}

/** Of several changes in one frame of the screen, one picture. */
function drawLater(prepare: () => (() => void) | null): void {
  let asked = 0;
  let latest: (() => void) | null = null;
  createEffect(() => {
    latest = prepare();
    asked ||= requestAnimationFrame(() => {
      asked = 0;
      latest?.();
    });
  });
  onCleanup(() => cancelAnimationFrame(asked));
}

/** The pointer in pixels of the canvas; null outside of the frame. */
function pointIn(
  event: PointerEvent,
  canvas: HTMLCanvasElement,
  { left, top, width, height, ratio }: Region,
): { x: number; y: number } | null {
  const box = canvas.getBoundingClientRect();
  const [x, y] = [(event.clientX - box.left) * ratio, (event.clientY - box.top) * ratio];
  return x < left || x > left + width || y < top || y > top + height ? null : { x, y };
}

function cleared(canvas: HTMLCanvasElement, { full }: Region): CanvasRenderingContext2D {
  canvas.width = full.width;
  canvas.height = full.height;
  return canvas.getContext("2d")!;
}

function paintWithin(context: CanvasRenderingContext2D, region: Region, colors: Theme, paint: Paint): void {
  context.save();
  context.beginPath();
  context.rect(region.left, region.top, region.width, region.height);
  context.clip();
  paint(context, region, colors);
  context.restore();
}
