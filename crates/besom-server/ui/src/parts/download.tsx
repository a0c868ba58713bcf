// Files of a sweep: fetched with the token, which a plain link would not send.

import { createSignal, type JSX, Show } from "solid-js";
import { useSweep } from "../model";
import { messageOf } from "../source/source";
import { Menu } from "./menu";

export function Downloads(): JSX.Element {
  const { id, path, source } = useSweep();
  const [error, setError] = createSignal<string | null>(null);
  const get = (kind: "csv" | "html") => (): void => {
    setError(null);
    source.bytes(`${path}.${kind}`).then(
      (bytes) => save(bytes, `${id}.${kind}`),
      (failure: unknown) => setError(messageOf(failure)),
    );
  };
  return (
    <Menu label="Download" title="Files of this sweep" side="right">
      <button type="button" onClick={get("csv")}>
        Runs as CSV
      </button>
      <button type="button" onClick={get("html")}>
        This page as one file
      </button>
      <Show when={error()}>
        {(message) => (
          <p class="problem" role="alert">
            {message()}
          </p>
        )}
      </Show>
    </Menu>
  );
}

function save(bytes: ArrayBuffer, name: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([bytes]));
  link.download = name;
  link.click();
  // The browser takes the address up after this task.
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
