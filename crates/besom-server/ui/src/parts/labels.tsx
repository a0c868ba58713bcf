// Where a sweep belongs and how it is marked: its project, and its tags.

import { For, type JSX, Show } from "solid-js";
import type { Summary } from "../source/types";

type Of = Pick<Summary, "labels">;

export function Labels(props: { sweep: Of }): JSX.Element {
  return (
    <>
      <Show when={projectOf(props.sweep)}>{(project) => <span class="chip">{project()}</span>}</Show>
      <For each={tagsOf(props.sweep)}>{(tag) => <span class="chip">#{tag}</span>}</For>
    </>
  );
}

/** As W&B writes it, `entity/project`. */
function projectOf({ labels }: Of): string {
  return [labels.entity, labels.project].filter(Boolean).join("/");
}

/** Tags are kept as a list in JSON, which anybody may have written. */
function tagsOf({ labels }: Of): string[] {
  try {
    const tags: unknown = JSON.parse(labels.tags ?? "[]");
    return Array.isArray(tags) ? tags.map(String) : [];
  } catch {
    return [];
  }
}
