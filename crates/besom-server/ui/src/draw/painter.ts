// The page's side of the worker that draws parallel coordinates.

import { FEW, type Frame, type Lines } from "./density";
import type { Drawn, Order } from "./density.worker";

export interface Painter {
  lines: (lines: Lines, frame: Frame) => void;
  /** No mask is the same one again. */
  choose: (mask: Uint8Array<ArrayBuffer> | null, isMoving: boolean) => void;
  colors: (palette: Uint32Array<ArrayBuffer>, gray: number) => void;
  end: () => void;
}

/** Hands a canvas to a worker. Sending lines is put off while the last picture of them was slow and new. */
export function painter(canvas: HTMLCanvasElement, drawn: (drawn: Drawn) => void): Painter {
  const worker = open();
  const send = (order: Order, transfer: Transferable[] = []): void => worker.postMessage(order, transfer);
  const offscreen = canvas.transferControlToOffscreen();
  send({ do: "canvas", canvas: offscreen }, [offscreen]);
  let [slowest, sent] = [0, 0];
  let later: ReturnType<typeof setTimeout> | undefined;
  worker.onmessage = ({ data }: MessageEvent<Drawn>): void => {
    slowest = Math.max(data.ms, slowest * 0.9);
    drawn(data);
  };
  const sendLines = (lines: Lines, frame: Frame): void => {
    sent = performance.now();
    send({ do: "lines", lines, frame });
  };
  return {
    lines: (lines, frame) => {
      clearTimeout(later);
      // At most a tenth of a core for pictures of a sweep that grows.
      const wait = sent + 10 * slowest - performance.now();
      if (wait > 0 && lines.n > FEW) later = setTimeout(sendLines, wait, lines, frame);
      else sendLines(lines, frame);
    },
    choose: (mask, isMoving) => send({ do: "choose", mask, isMoving }),
    colors: (palette, gray) => send({ do: "colors", palette, gray }),
    end: () => (clearTimeout(later), worker.terminate()),
  };
}

/** An exported page carries the worker's program in itself. */
function open(): Worker {
  const inline = document.getElementById("besom-worker")?.textContent;
  if (!inline) return new Worker(new URL("./density.worker.ts", import.meta.url), { type: "module" });
  return new Worker(URL.createObjectURL(new Blob([inline], { type: "text/javascript" })));
}
