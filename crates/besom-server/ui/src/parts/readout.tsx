// One line below a picture: the run under the pointer, or what can be done.

import { type JSX, Show } from "solid-js";
import { useSweep } from "../model";
import { State } from "./state";

export function Readout(props: { run: number | null; idle: string }): JSX.Element {
  const sweep = useSweep();
  const parts = (run: number): string => {
    const fields = sweep.fields().filter((field) => field.usual && !["run", "state", "time", "steps"].includes(field.names[0]));
    return fields
      .slice(0, 9)
      .map((field) => `${field.title} ${field.text(run - 1)}`)
      .join("  ·  ");
  };
  return (
    <p class="readout">
      <Show when={props.run} fallback={props.idle}>
        {(run) => (
          <>
            <b>run {run()}</b> <State state={sweep.history()!.stateOf(run() - 1)} /> <span>{parts(run())}</span>
          </>
        )}
      </Show>
    </p>
  );
}
