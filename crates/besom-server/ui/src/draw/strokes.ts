// Runs as lines from axis to axis, for as many as the eye can follow.

import type { Frame, Lines } from "./density";

/** Draws the runs that are not chosen in gray, and over them the chosen ones, the best last; returns how many are chosen. */
export function drawLines(
  context: OffscreenCanvasRenderingContext2D,
  lines: Lines,
  frame: Frame,
  mask: Uint8Array,
  palette: Uint32Array,
  gray: number,
): number {
  const chosen: number[] = [];
  context.lineJoin = "round";
  context.strokeStyle = css(gray, lines.n > 300 ? 0.16 : 0.3);
  context.lineWidth = 1;
  for (let r = 0; r < lines.n; r += 1) {
    if (mask[r]) chosen.push(r);
    else if (!lines.hidden?.[r]) strokeRun(context, lines, frame, r);
  }
  chosen.sort((a, b) => lines.shades[a] - lines.shades[b]);
  context.lineWidth = chosen.length > 300 ? 1 : 1.6 * frame.scale;
  const alpha = Math.max(0.25, Math.min(0.95, 120 / chosen.length));
  for (const r of chosen) {
    // The better ones stand out.
    context.strokeStyle = css(palette[lines.shades[r]], Math.min(1, alpha * (0.55 + lines.shades[r] / 63)));
    strokeRun(context, lines, frame, r);
  }
  return chosen.length;
}

/** One run from axis to axis. */
export function strokeRun(
  context: OffscreenCanvasRenderingContext2D | CanvasRenderingContext2D,
  { axes }: Pick<Lines, "axes">,
  { left, right, top, bottom }: Frame,
  run: number,
): void {
  context.beginPath();
  axes.forEach((places, a) => {
    const x = left + ((right - left) * a) / Math.max(1, axes.length - 1);
    context.lineTo(x, bottom - (bottom - top) * places[run]);
  });
  context.stroke();
}

function css(bgr: number, alpha: number): string {
  return `rgb(${bgr & 255} ${(bgr >> 8) & 255} ${(bgr >> 16) & 255} / ${alpha})`;
}
