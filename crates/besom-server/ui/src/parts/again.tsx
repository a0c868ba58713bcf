// Runs a point again, changed where the reader wants: from the page, or by a command line to copy.

import { createSignal, For, type JSX } from "solid-js";
import type { Sweep } from "../model";
import { leaves } from "../source/params";
import type { Params, Run, Value } from "../source/types";
import type { Action } from "./actions";
import { Command } from "./command";

/** An action with a form for all parameters of a run. */
export function runAgain(sweep: Sweep, run: Run): Action {
  const [changed, setChanged] = createSignal<Record<string, string>>({});
  const params = (): Params =>
    Object.fromEntries(Object.entries(run.params).map(([name, value]) => [name, name in changed() ? read(changed()[name], value) : value]));
  const form = (): JSX.Element => (
    <>
      <div class="again">
        <For each={Object.entries(run.params)}>
          {([name, value]) => (
            <label>
              <span>{name}</span>
              <input
                type="text"
                spellcheck={false}
                value={written(value)}
                onInput={(event) => setChanged({ ...changed(), [name]: event.currentTarget.value })}
              />
            </label>
          )}
        </For>
      </div>
      <p>
        The same from a terminal: <Command text={enqueueing(sweep, params())} />
      </p>
    </>
  );
  const says = "A new run with these parameters is put before what the search method suggests next, and the method learns from it.";
  const act = (): Promise<unknown> => sweep.source.post(`${sweep.path}/enqueue`, { params: params() });
  return { label: "Run again …", confirm: "Run", says, form, act };
}

/** The command that enqueues these parameters; it takes those that are not constant. */
export function enqueueing(sweep: Sweep, params: Params): string {
  const constant = (sweep.detail()?.parameters ?? []).filter(({ varies }) => !varies).map(({ name }) => name);
  const words = leaves(params)
    .filter(([name]) => !constant.includes(name))
    .map(([name, value]) => quoted(`${name}=${written(value)}`));
  return ["besom", "enqueue", sweep.id, ...words].join(" ");
}

/** As a shell reads one word. */
function quoted(word: string): string {
  return /^[\w.,:=+@%/-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
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
