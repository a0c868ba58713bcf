// Runs a point again, changed where the reader wants.

import { For, type JSX } from "solid-js";
import type { Sweep } from "../model";
import type { Params, Run, Value } from "../source/types";
import type { Action } from "./actions";

/** An action with a form for all parameters of a run. */
export function runAgain(sweep: Sweep, run: Run): Action {
  const changed: Record<string, string> = {};
  const form = (): JSX.Element => (
    <div class="again">
      <For each={Object.entries(run.params)}>
        {([name, value]) => (
          <label>
            <span>{name}</span>
            <input type="text" spellcheck={false} value={written(value)} onInput={(event) => (changed[name] = event.currentTarget.value)} />
          </label>
        )}
      </For>
    </div>
  );
  const says = "A new run with these parameters is put before what the search method suggests next, and the method learns from it.";
  const act = (): Promise<unknown> => {
    const params = Object.fromEntries(
      Object.entries(run.params).map(([name, value]) => [name, name in changed ? read(changed[name], value) : value]),
    );
    return sweep.source.post(`v1/sweeps/${encodeURIComponent(sweep.id)}/enqueue`, { params } satisfies { params: Params });
  };
  return { label: "Run again …", confirm: "Run", says, form, act };
}

function written(value: Value): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

/** A text stays a text; anything else is JSON. */
function read(text: string, before: Value): Value {
  if (typeof before === "string") return text;
  try {
    return JSON.parse(text) as Value;
  } catch {
    return text;
  }
}
