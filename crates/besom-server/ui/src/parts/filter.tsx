// The filter of the runs, in besom's language for conditions.

import { createSignal, type JSX, Show } from "solid-js";
import { useSweep } from "../model";
import { query, setQuery } from "../routes";
import { count } from "./format";
import { useKeys } from "./keys";

export function FilterBox(): JSX.Element {
  const sweep = useSweep();
  let input: HTMLInputElement | undefined;
  const [typing, setTyping] = createSignal<ReturnType<typeof setTimeout>>();
  const type = (text: string): void => {
    clearTimeout(typing());
    setTyping(setTimeout(() => setQuery({ filter: text || null }), 150));
  };
  useKeys([{ keys: "/", does: "Filter the runs", act: () => (input?.focus(), input?.select()) }]);
  const example = (): string => {
    const name = sweep.detail()?.metric?.name ?? "best";
    return `Filter: ${name} < ${sweep.detail()?.best ? Number(sweep.detail()!.best!.value.toPrecision(2)) : 1} and state = finished`;
  };
  return (
    <search class="filter">
      <input
        type="search"
        ref={input}
        spellcheck={false}
        autocomplete="off"
        aria-label="Filter the runs by a condition"
        placeholder={example()}
        value={query("filter")}
        aria-invalid={sweep.filter().error !== null}
        aria-describedby="filter-error"
        onInput={(event) => type(event.currentTarget.value)}
        onKeyDown={(event) => event.key === "Escape" && event.currentTarget.blur()}
      />
      <span class="muted" aria-live="polite">
        {count(sweep.count())} of {count(sweep.shown().length)} runs
      </span>
      <Show when={sweep.picked().length > 0}>
        <span class="muted">{count(sweep.picked().length)} selected</span>
        <button type="button" onClick={() => sweep.pick([])}>
          Clear selection
        </button>
      </Show>
      <Show when={sweep.hidden().runs.length > 0}>
        <span class="muted">{count(sweep.hidden().runs.length)} hidden</span>
        <button type="button" onClick={() => sweep.hide([])}>
          Show hidden
        </button>
      </Show>
      <p id="filter-error" class="problem" role="status" hidden={sweep.filter().error === null}>
        {sweep.filter().error}
      </p>
    </search>
  );
}
