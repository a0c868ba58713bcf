// Where the page's data comes from: a server, or the page itself.

import { FileSource } from "./file";
import { LiveSource } from "./live";

/** How the connection for live updates stands. */
export type Link = "live" | "connecting" | "lost";

/** A source of answers, by the path of the server's routes without a leading slash. */
export interface Source {
  /** Whether it changes and takes orders. */
  readonly live: boolean;
  json<T>(path: string): Promise<T>;
  bytes(path: string): Promise<ArrayBuffer>;
  post<T>(path: string, body: unknown): Promise<T>;
  /** Calls for every event until the returned function is called; `path` is asked again at each new connection. */
  watch(path: () => string, hear: (event: string, data: string) => void, link: (link: Link) => void): () => void;
}

/** An answer that is no answer. */
export class Failure extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

/** What to show of whatever was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The data in the page if there is any, else the server that sent the page. */
export function openSource(): Source {
  const data = document.getElementById("besom-data");
  return data ? new FileSource(data.textContent ?? "") : new LiveSource();
}
