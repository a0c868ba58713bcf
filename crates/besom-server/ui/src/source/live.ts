// The server that sent the page.

import { Failure, type Link, type Source } from "./source";
import { readEvents } from "./sse";
import { token } from "./token";

/** The server sends a comment every 15 s; a connection that is silent for longer than this is dead. */
const SILENCE_MS = 40_000;
const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 15_000;

export class LiveSource implements Source {
  readonly live = true;

  async json<T>(path: string): Promise<T> {
    return (await (await ask(path)).json()) as T;
  }

  async bytes(path: string): Promise<ArrayBuffer> {
    return (await ask(path)).arrayBuffer();
  }

  async post<T>(path: string, body: unknown): Promise<T> {
    const headers = { "Content-Type": "application/json" };
    const response = await ask(path, { method: "POST", headers, body: JSON.stringify(body) });
    return (await response.json()) as T;
  }

  watch(path: () => string, hear: (event: string, data: string) => void, link: (link: Link) => void): () => void {
    const end = new AbortController();
    void this.keepWatching(path, hear, link, end.signal);
    return () => end.abort();
  }

  private async keepWatching(
    path: () => string,
    hear: (event: string, data: string) => void,
    link: (link: Link) => void,
    end: AbortSignal,
  ): Promise<void> {
    let wait = FIRST_WAIT_MS;
    link("connecting");
    while (!end.aborted) {
      const heard = await this.watchOnce(path(), hear, link, end);
      if (end.aborted) return;
      link("lost");
      wait = heard ? FIRST_WAIT_MS : Math.min(LONGEST_WAIT_MS, wait * 2);
      await pass(wait * (0.5 + Math.random() / 2), end);
    }
  }

  /** One connection, to its end; whether anything came. */
  private async watchOnce(
    path: string,
    hear: (event: string, data: string) => void,
    link: (link: Link) => void,
    end: AbortSignal,
  ): Promise<boolean> {
    const stop = new AbortController();
    const signal = AbortSignal.any([end, stop.signal]);
    let silence = setTimeout(() => stop.abort(), SILENCE_MS);
    let heard = false;
    try {
      const response = await ask(path, { headers: { Accept: "text/event-stream" }, signal });
      await readEvents(response.body!, (event, data) => {
        clearTimeout(silence);
        silence = setTimeout(() => stop.abort(), SILENCE_MS);
        if (!heard) link("live");
        heard = true;
        if (event) hear(event, data);
      });
    } catch {
      // Whatever ended it, the next attempt finds out how things stand.
    } finally {
      clearTimeout(silence);
    }
    return heard;
  }
}

/** Sends a request with the token; relative to the page, which may stand below any path. */
async function ask(path: string, init: RequestInit = {}): Promise<Response> {
  const headers = new Headers(init.headers);
  const secret = token();
  if (secret) headers.set("Authorization", `Bearer ${secret}`);
  const response = await send(path, { ...init, headers, cache: "no-store", credentials: "omit" });
  if (!response.ok) throw await failure(response);
  return response;
}

async function send(path: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(new URL(path, document.baseURI), init);
  } catch (error) {
    if (init.signal?.aborted) throw error;
    throw new Failure(0, "unreachable", "The server does not answer. Is besom serve still running?");
  }
}

async function failure(response: Response): Promise<Failure> {
  const text = await response.text().catch(() => "");
  try {
    const { error, problems } = JSON.parse(text) as {
      error?: { code: string; message: string };
      problems?: { message: string }[];
    };
    if (error) return new Failure(response.status, error.code, error.message);
    if (problems) return new Failure(response.status, "problems", problems.map((p) => p.message).join("\n"));
  } catch {
    // Not from besom: a proxy's page, say.
  }
  return new Failure(response.status, "http", `The server answered ${response.status} ${response.statusText}.`);
}

function pass(ms: number, end: AbortSignal): Promise<void> {
  return new Promise((done) => {
    const timer = setTimeout(done, ms);
    end.addEventListener("abort", () => (clearTimeout(timer), done()), { once: true });
  });
}
