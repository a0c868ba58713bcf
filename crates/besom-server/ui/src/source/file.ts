// Answers that an exported page carries: gzip of u32 n, an index in n bytes of JSON, and the answers one after the other.

import { Failure, type Source } from "./source";
import type { Curve, Run } from "./types";

interface Parts {
  /** When the page was written. */
  at_ms?: number;
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
    const put = `/${path}` in parts ? null : await this.putTogether(path);
    return (put ?? JSON.parse(new TextDecoder().decode(await this.bytes(path)))) as T;
  }

  /** Answers about a choice of runs, from those about all and about the best ones; the first page of what is read by the page. */
  private async putTogether(path: string): Promise<unknown> {
    const runs = /^(.*\/runs)\?numbers=([\d,]+)$/.exec(path);
    if (runs) return { runs: await this.chosen(runs[1], runs[2].split(",").map(Number)) };
    const curves = /^(.*\/curves\?metric=[^&]*)&runs=([\d,]+)&/.exec(path);
    if (curves) return this.curves(curves[1], curves[2].split(",").map(Number));
    const page = path.replace(/after=0?&.*$/, "after=");
    // Another run's number, or another parameter's name, may begin with this one's.
    const first = await this.startingWith(page === path ? `${path}&` : page);
    return first ? this.json(first) : null;
  }

  /** Those of the best runs are in one answer, others each in one of its own. */
  private async curves(path: string, wanted: number[]): Promise<unknown> {
    const first = await this.startingWith(`${path}&runs=best:`);
    if (!first) return null;
    const best = await this.json<{ curves: Curve[] }>(first);
    const others = await Promise.all(wanted.map((n) => this.startingWith(`${path}&runs=${n}&`)));
    const more = await Promise.all(others.map((other) => (other ? this.json<{ curves: Curve[] }>(other) : { curves: [] })));
    const all = [...best.curves, ...more.flatMap(({ curves }) => curves)];
    return { ...best, curves: wanted.flatMap((n) => all.find(({ run }) => run === n) ?? []) };
  }

  private async chosen(path: string, numbers: number[]): Promise<Run[]> {
    const { parts } = await this.parts;
    const all = parts[`/${path}`] ? (await this.json<{ runs: Run[] }>(path)).runs : [];
    const found = numbers.map((n) => all.find(({ number }) => number === n) ?? this.json<Run>(`${path}/${n}`));
    return Promise.all(found);
  }

  private async startingWith(start: string): Promise<string | null> {
    return (await this.paths()).find((path) => path.startsWith(`/${start}`))?.slice(1) ?? null;
  }

  async bytes(path: string): Promise<ArrayBuffer> {
    const { bytes, parts } = await this.parts;
    const found = parts[`/${path}`];
    if (!found) throw new Failure(404, "not_exported", "This page is an export, which does not contain this part.");
    return bytes.buffer.slice(found[0], found[0] + found[1]);
  }

  post<T>(): Promise<T> {
    return Promise.reject(new Failure(405, "export", "This page is an export: there is no server to ask."));
  }

  watch(): () => void {
    return () => undefined;
  }

  /** When the page was written: time stands still in it. */
  async writtenMs(): Promise<number | undefined> {
    return (await this.parts).at_ms;
  }

  /** The paths that it answers. */
  async paths(): Promise<string[]> {
    return Object.keys((await this.parts).parts);
  }
}

async function unpack(base64: string): Promise<Parts> {
  const text = atob(base64.trim());
  const zipped = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i += 1) zipped[i] = text.charCodeAt(i);
  const stream = new Blob([zipped]).stream().pipeThrough(new DecompressionStream("gzip"));
  const whole = await new Response(stream).arrayBuffer();
  const length = new DataView(whole).getUint32(0, true);
  const index = JSON.parse(new TextDecoder().decode(new Uint8Array(whole, 4, length))) as Pick<Parts, "parts" | "at_ms">;
  // Offsets count from the first byte after the index.
  const parts = Object.entries(index.parts).map(([path, [at, size]]) => [path, [at + 4 + length, size]] as const);
  return { ...index, bytes: new Uint8Array(whole), parts: Object.fromEntries(parts) as Parts["parts"] };
}
