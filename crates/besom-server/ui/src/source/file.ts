// Answers that an exported page carries: gzip of u32 n, an index in n bytes of JSON, and the answers one after the other.

import { Failure, type Source } from "./source";
import type { Curve, Run } from "./types";

interface Parts {
  /** When the page was written. */
  at_ms: number;
  bytes: Uint8Array<ArrayBuffer>;
  parts: Record<string, [offset: number, length: number]>;
}

export class FileSource implements Source {
  readonly live = false;
  private readonly parts: Promise<Parts>;

  constructor(base64: string) {
    this.parts = unpack(base64);
  }

  async json<T>(path: string): Promise<T> {
    const { parts } = await this.parts;
    const put = parts[`/${path}`] ? null : await this.putTogether(path);
    return (put ?? JSON.parse(await this.text(path))) as T;
  }

  /** Answers about a choice of runs from those about each run and about the best ones. */
  private async putTogether(path: string): Promise<unknown> {
    const runs = /^(.*\/runs)\?numbers=([\d,]+)$/.exec(path);
    if (runs) return { runs: await Promise.all(runs[2].split(",").map((n) => this.json<Run>(`${runs[1]}/${n}`))) };
    const curves = /^(.*\/curves\?metric=[^&]*)&runs=([\d,]+)&(.*)$/.exec(path);
    if (!curves) return null;
    const best = await this.json<{ metric: string; curves: Curve[] }>(`${curves[1]}&runs=best:40&${curves[3]}`);
    const wanted = curves[2].split(",").map(Number);
    return { ...best, curves: best.curves.filter(({ run }) => wanted.includes(run)) };
  }

  async bytes(path: string): Promise<ArrayBuffer> {
    const { bytes, parts } = await this.parts;
    const found = parts[`/${path}`];
    if (!found) throw new Failure(404, "not_exported", "This page is an export, which does not contain this part.");
    return bytes.buffer.slice(found[0], found[0] + found[1]);
  }

  async text(path: string): Promise<string> {
    return new TextDecoder().decode(await this.bytes(path));
  }

  post<T>(): Promise<T> {
    return Promise.reject(new Failure(405, "export", "This page is an export: there is no server to ask."));
  }

  watch(): () => void {
    return () => undefined;
  }

  /** When the page was written: time stands still in it. */
  async writtenMs(): Promise<number> {
    return (await this.parts).at_ms;
  }

  /** The paths that it answers. */
  async paths(): Promise<string[]> {
    return Object.keys((await this.parts).parts);
  }
}

async function unpack(base64: string): Promise<Parts> {
  const zipped = Uint8Array.from(atob(base64.trim()), (c) => c.charCodeAt(0));
  const stream = new Blob([zipped]).stream().pipeThrough(new DecompressionStream("gzip"));
  const whole = await new Response(stream).arrayBuffer();
  const length = new DataView(whole).getUint32(0, true);
  const index = JSON.parse(new TextDecoder().decode(new Uint8Array(whole, 4, length))) as Pick<Parts, "parts" | "at_ms">;
  // Offsets count from the first byte after the index.
  const parts = Object.entries(index.parts).map(([path, [at, size]]) => [path, [at + 4 + length, size]] as const);
  return { bytes: new Uint8Array(whole), at_ms: index.at_ms, parts: Object.fromEntries(parts) as Parts["parts"] };
}
