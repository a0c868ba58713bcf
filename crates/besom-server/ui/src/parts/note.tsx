// A note about a run, for whoever looks at it next.

import type { JSX } from "solid-js";
import type { Sweep } from "../model";
import type { Run } from "../source/types";
import type { Action } from "./actions";

export function noteOf(run: Run): string {
  return typeof run.facts.notes === "string" ? run.facts.notes : "";
}

/** An action with a field for the note of a run. */
export function writeNote(sweep: Sweep, run: Run, done: () => void): Action {
  let text = noteOf(run);
  const form = (): JSX.Element => (
    <textarea rows="4" aria-label={`Note about run ${run.number}`} onInput={(event) => (text = event.currentTarget.value)}>
      {noteOf(run)}
    </textarea>
  );
  const says = "The note is kept with the run, and everybody who sees the run sees it.";
  const act = async (): Promise<void> => {
    await sweep.source.post(`${sweep.path}/runs/${run.number}/annotate`, {
      facts: { notes: text.trim() || null },
    });
    done();
  };
  return { label: "Note …", confirm: "Keep", says, form, act };
}
