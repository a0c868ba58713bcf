// The rows that a run has logged, and its events, by the page.

import { createSignal, For, type JSX, Show } from "solid-js";
import { useSweep } from "../model";
import { value } from "../parts/format";
import { load, Loaded } from "../parts/loaded";
import { Scroll } from "../parts/scroll";
import type { LogEvent, Row } from "../source/types";
import { Event } from "./log";

const PAGE = 50;

export function Rows(props: { path: string; version: number }): JSX.Element {
  const sweep = useSweep();
  const [after, setAfter] = createSignal<number[]>([]);
  const answer = load(
    () => ({ path: props.path, after: after().at(-1) ?? 0, version: props.version }),
    ({ path, after }) => sweep.source.json<{ rows: Row[]; more: boolean }>(`${path}/rows?after=${after}&limit=${PAGE}`),
  );
  const keys = (rows: Row[]): string[] => [...new Set(rows.flatMap((row) => Object.keys(row)))].filter((key) => key !== "seq");
  return (
    <section class="card" aria-labelledby="rows-title">
      <header>
        <h2 id="rows-title">Rows</h2>
        <Show when={after().length > 0}>
          <button type="button" onClick={() => setAfter(after().slice(0, -1))}>
            Earlier
          </button>
        </Show>
        <Show when={answer.latest()?.more}>
          <button type="button" onClick={() => setAfter([...after(), answer.latest()!.rows.at(-1)!.seq])}>
            Later
          </button>
        </Show>
      </header>
      <Loaded of={answer}>
        {(found) => (
          <Show when={found().rows.length > 0} fallback={<p class="empty">This run has logged no row yet.</p>}>
            <Scroll label="Rows" isTall>
              <table>
                <thead>
                  <tr>
                    <th class="numeric">row</th>
                    <For each={keys(found().rows)}>{(key) => <th class="numeric">{key}</th>}</For>
                  </tr>
                </thead>
                <tbody>
                  <For each={found().rows}>
                    {(row) => (
                      <tr>
                        <td class="numeric">{row.seq}</td>
                        <For each={keys(found().rows)}>{(key) => <td class="numeric">{value(row[key])}</td>}</For>
                      </tr>
                    )}
                  </For>
                </tbody>
              </table>
            </Scroll>
          </Show>
        )}
      </Loaded>
    </section>
  );
}

export function RunEvents(props: { path: string; version: string }): JSX.Element {
  const sweep = useSweep();
  const answer = load(
    () => ({ path: props.path, version: props.version }),
    ({ path }) => sweep.source.json<{ events: LogEvent[] }>(`${path}/events?after=0&limit=1000`),
  );
  return (
    <section class="card" aria-labelledby="run-events-title">
      <header>
        <h2 id="run-events-title">Events</h2>
      </header>
      <Loaded of={answer}>
        {(found) => (
          <ol class="events">
            <For each={found().events} fallback={<li class="empty">No event yet.</li>}>
              {(event) => <Event event={event} />}
            </For>
          </ol>
        )}
      </Loaded>
    </section>
  );
}
