// What happened to the sweep, newest last, by the page.

import { createEffect, createSignal, For, type JSX, on, Show } from "solid-js";
import { useSweep } from "../model";
import { moment, value } from "../parts/format";
import { load, Loaded } from "../parts/loaded";
import { link, query, setQuery, shared } from "../routes";
import type { LogEvent, Value } from "../source/types";

const PAGE = 1000;

interface Answer {
  events: LogEvent[];
  more: boolean;
}

export function Log(): JSX.Element {
  const sweep = useSweep();
  const [after, setAfter] = createSignal<string[]>([]);
  const page = load(
    () => ({ after: after().at(-1) ?? "0", version: sweep.detail()?.cursor }),
    ({ after }) => sweep.source.json<Answer>(`${sweep.path}/events?after=${after}&limit=${PAGE}`),
  );
  createEffect(
    on(
      () => sweep.id,
      () => setAfter([]),
      { defer: true },
    ),
  );
  const wanted = (events: LogEvent[]): LogEvent[] => {
    const words = query("find").toLowerCase().split(/\s+/);
    return events.filter((event) =>
      words.every((word) => `${event.kind} run ${event.run} ${event.by ?? ""} ${detail(event.detail)}`.toLowerCase().includes(word)),
    );
  };
  return (
    <section class="card" aria-labelledby="log-title">
      <header>
        <h2 id="log-title">Log</h2>
        <input
          type="search"
          aria-label="Find in these events"
          placeholder="Find in these events …"
          value={query("find")}
          onInput={(event) => setQuery({ find: event.currentTarget.value || null })}
        />
      </header>
      <Loaded of={page}>
        {(answer) => (
          <>
            <ol class="events">
              <For each={wanted(answer().events)} fallback={<li class="empty">No event here.</li>}>
                {(event) => <Event event={event} />}
              </For>
            </ol>
            <p class="actions">
              <Show when={after().length > 0}>
                <button type="button" onClick={() => setAfter(after().slice(0, -1))}>
                  Earlier events
                </button>
              </Show>
              <Show when={answer().more}>
                <button type="button" onClick={() => setAfter([...after(), answer().events.at(-1)!.seq])}>
                  Later events
                </button>
              </Show>
            </p>
          </>
        )}
      </Loaded>
    </section>
  );
}

export function Event(props: { event: LogEvent }): JSX.Element {
  const { id } = useSweep();
  const event = (): LogEvent => props.event;
  return (
    <li>
      <time>{moment(event().at_ms)}</time>
      <b>{event().kind}</b>
      <Show when={event().run}>
        <a href={link(["s", id, "runs", event().run!], shared())}>run {event().run}</a>
      </Show>
      <span>
        {detail(event().detail)}
        {event().by ? ` (by ${event().by})` : ""}
      </span>
    </li>
  );
}

function detail(given: Value): string {
  if (given === null || typeof given !== "object" || Array.isArray(given)) return given === null ? "" : value(given);
  return Object.entries(given)
    .map(([key, v]) => `${key} ${value(v)}`)
    .join(" · ");
}
