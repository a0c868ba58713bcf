// What can be done to a sweep or a run; each says what will happen, and asks once.

import { createSignal, For, type JSX, Show } from "solid-js";
import { useScope } from "../scope";
import { messageOf } from "../source/source";
import { Dialog } from "./dialog";

export interface Action {
  label: string;
  /** What will happen, in a sentence or two. */
  says: string;
  key?: string;
  isGrave?: boolean;
  /** What is to be filled in, and the word on the button then. */
  form?: () => JSX.Element;
  confirm?: string;
  act: () => Promise<unknown>;
}

/** Opens the dialog of an action from elsewhere, such as by a key. */
export interface Opener {
  open: (action: Action) => void;
}

export function Actions(props: { actions: Action[]; opener?: (opener: Opener) => void }): JSX.Element {
  const [asked, setAsked] = createSignal<Action | null>(null);
  const [error, setError] = createSignal<string | null>(null);
  const [isBusy, setBusy] = createSignal(false);
  const open = (action: Action): void => void (setError(null), setAsked(action));
  props.opener?.({ open });
  const confirm = (): void => {
    setBusy(true);
    setError(null);
    asked()!
      .act()
      .then(
        () => setAsked(null),
        (failure: unknown) => setError(messageOf(failure)),
      )
      .finally(() => setBusy(false));
  };
  return (
    <Show when={useScope().mayAct()}>
      <div class="actions">
        <For each={props.actions}>
          {(action) => (
            <button
              type="button"
              classList={{ grave: action.isGrave === true }}
              title={action.key ? `Key: ${action.key}` : ""}
              onClick={() => open(action)}
            >
              {action.label}
            </button>
          )}
        </For>
      </div>
      <Dialog title={asked()?.label ?? ""} isOpen={asked() !== null} close={() => setAsked(null)}>
        <p>{asked()?.says}</p>
        {asked()?.form?.()}
        <Show when={error()}>
          {(message) => (
            <p class="problem" role="alert">
              {message()}
            </p>
          )}
        </Show>
        <p class="actions">
          <button
            type="button"
            class="main"
            autofocus
            classList={{ grave: asked()?.isGrave === true }}
            disabled={isBusy()}
            onClick={confirm}
          >
            {error() ? "Try again" : (asked()?.confirm ?? asked()?.label)}
          </button>
          <button type="button" onClick={() => setAsked(null)}>
            Leave it as it is
          </button>
        </p>
      </Dialog>
    </Show>
  );
}
