// What stands where an answer is not there yet, or will not come.

import { createMemo, createResource, createSignal, type JSX, type Resource, Show } from "solid-js";
import { Failure, messageOf } from "../source/source";

/** An answer that is asked for again when what it depends on changes; the old one stays until then. */
export function load<K, T>(key: () => K | false | null | undefined, ask: (key: K) => Promise<T>): Answer<T> {
  const [error, setError] = createSignal<unknown>(null);
  // An empty text asks for nothing, too.
  const wanted = createMemo(() => key() || false);
  const [resource, { refetch }] = createResource(wanted, (k: K) =>
    ask(k).then(
      (answer) => (setError(null), answer),
      (failure: unknown) => (setError(failure), undefined),
    ),
  );
  return { resource, latest: () => resource.latest, error, retry: () => void refetch() };
}

export interface Answer<T> {
  resource: Resource<T | undefined>;
  latest: () => T | undefined;
  /** What was thrown instead of the last answer. */
  error: () => unknown;
  retry: () => void;
}

export function Problem(props: { message: string; retry?: () => void }): JSX.Element {
  return (
    <div class="problem" role="alert">
      <p>{props.message}</p>
      <Show when={props.retry}>
        <button type="button" onClick={() => props.retry?.()}>
          Try again
        </button>
      </Show>
    </div>
  );
}

/** An export has no more: there is nothing to try again. */
function isMissing(error: unknown): boolean {
  return error instanceof Failure && error.code === "not_exported";
}

/** The answer, else why it is not there. */
export function Loaded<T>(props: { of: Answer<T>; children: (answer: () => T) => JSX.Element }): JSX.Element {
  return (
    <>
      <Show when={props.of.error()}>
        {(error) => (
          <Show when={isMissing(error())} fallback={<Problem message={messageOf(error())} retry={props.of.retry} />}>
            <p class="empty">{messageOf(error())}</p>
          </Show>
        )}
      </Show>
      <Show
        when={props.of.latest() as T | undefined}
        fallback={
          <Show when={!props.of.error()}>
            <p class="empty" aria-busy="true">
              Loading …
            </p>
          </Show>
        }
      >
        {(answer) => props.children(answer as () => T)}
      </Show>
    </>
  );
}
