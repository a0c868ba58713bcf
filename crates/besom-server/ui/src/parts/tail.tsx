// What a run has printed: its beginning, its end, and what comes while it runs.

import { createEffect, createMemo, createSignal, type JSX, on, onCleanup, Show } from "solid-js";
import { useSweep } from "../model";
import type { Output } from "../source/types";
import { count } from "./format";
import { load, Loaded } from "./loaded";

/** More than this of what comes while one looks is not kept. */
const KEPT = 256 * 1024;

export function Tail(props: { path: string; attempt: number; isRunning: boolean }): JSX.Element {
  const sweep = useSweep();
  const [wanted, setWanted] = createSignal<number | null>(null);
  const key = createMemo(() => ({ path: props.path, attempt: wanted() ?? props.attempt, isRunning: props.isRunning }), undefined, {
    equals: (a, b) => a.path === b.path && a.attempt === b.attempt && a.isRunning === b.isRunning,
  });
  createEffect(
    on(
      () => props.path,
      () => setWanted(null),
      { defer: true },
    ),
  );
  const output = load(key, ({ path, attempt }) => sweep.source.json<Output>(`${path}/output${attempt ? `?attempt=${attempt}` : ""}`));
  return (
    <section class="card" aria-labelledby="output-title">
      <header>
        <h2 id="output-title">Output</h2>
        <Show when={(output.latest()?.attempts ?? 1) > 1}>
          <label class="choice">
            attempt{" "}
            <input
              type="number"
              min="1"
              max={output.latest()!.attempts}
              value={output.latest()!.attempt}
              onChange={(event) => setWanted(event.currentTarget.valueAsNumber)}
            />
          </label>
        </Show>
        <Show when={props.isRunning && sweep.source.live}>
          <span class="chip">live</span>
        </Show>
      </header>
      <Loaded of={output}>
        {(found) => (
          <Show when={found().total > 0 || props.isRunning} fallback={<p class="empty">This attempt has printed nothing.</p>}>
            <Text
              output={found()}
              follow={
                props.isRunning && sweep.source.live && found().attempt === props.attempt
                  ? `${props.path}/output/follow?attempt=${found().attempt}`
                  : null
              }
            />
          </Show>
        )}
      </Loaded>
    </section>
  );
}

function Text(props: { output: Output; follow: string | null }): JSX.Element {
  const sweep = useSweep();
  const [more, setMore] = createSignal("");
  let place!: HTMLPreElement;
  createEffect(() => {
    const { follow, output } = props;
    setMore("");
    if (!follow) return;
    let at = output.total;
    const stop = sweep.source.watch(
      () => `${follow}&from=${at}`,
      (event, data) => {
        if (event === "end") stop();
        if (event !== "output") return;
        const { from, total, text } = JSON.parse(data) as { from: number; total: number; text: string };
        if (from > at) setMore((old) => `${old}\n… ${count(from - at)} bytes were not kept …\n`);
        at = total;
        setMore((old) => (old + text).slice(-KEPT));
      },
      () => undefined,
    );
    onCleanup(stop);
  });
  const middle = (): string => (props.output.missing > 0 ? `\n… ${count(props.output.missing)} bytes are not kept …\n` : "");
  const text = (): string => props.output.head + middle() + props.output.tail + more();
  // Stays at the end, unless the reader has scrolled up.
  createEffect(
    on(text, () => {
      const isAtEnd = place.scrollHeight - place.scrollTop - place.clientHeight < 40 || place.scrollTop === 0;
      if (isAtEnd) queueMicrotask(() => (place.scrollTop = place.scrollHeight));
    }),
  );
  return (
    <pre class="output" tabindex="0" aria-label="Output of the run" ref={place}>
      {text()}
    </pre>
  );
}
