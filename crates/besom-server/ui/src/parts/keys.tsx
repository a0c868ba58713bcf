// The keyboard: each page says which keys it takes; `?` lists those of the page.

import { createSignal, For, type JSX, onCleanup, onMount } from "solid-js";
import { Dialog } from "./dialog";

interface Key {
  /** One key, or two that are pressed one after the other, as "g s". */
  keys: string;
  does: string;
  act: () => unknown;
}

const NAMES: Record<string, string> = { ArrowDown: "↓", ArrowUp: "↑", PageDown: "PgDn", PageUp: "PgUp" };

const [taken, setTaken] = createSignal<Key[]>([]);

/** Takes keys until the component that says so is gone; later ones come first. */
export function useKeys(keys: Key[]): void {
  setTaken((old) => [...keys, ...old]);
  onCleanup(() => setTaken((old) => old.filter((key) => !keys.includes(key))));
}

/** Hears keys for the whole page, and shows the list of them. */
export function Keys(): JSX.Element {
  const [isOpen, setOpen] = createSignal(false);
  let first = "";
  const press = (event: KeyboardEvent): void => {
    if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target) || document.querySelector("dialog[open]")) return;
    const found = taken().find(({ keys }) => keys === `${first} ${event.key}`) ?? taken().find(({ keys }) => keys === event.key);
    first = event.key === "g" ? "g" : "";
    if (!found || (event.key === "Enter" && isControl(event.target))) return;
    event.preventDefault();
    found.act();
  };
  onMount(() => document.addEventListener("keydown", press));
  onCleanup(() => document.removeEventListener("keydown", press));
  useKeys([{ keys: "?", does: "Show the keys of this page", act: () => setOpen(true) }]);
  const unique = (): Key[] => taken().filter((key, i, all) => all.findIndex(({ keys }) => keys === key.keys) === i);
  return (
    <Dialog title="Keys of this page" isOpen={isOpen()} close={() => setOpen(false)}>
      <dl class="keys">
        <For each={unique()}>
          {(key) => (
            <>
              <dt>
                <For each={key.keys.split(" ")}>{(k) => <kbd>{NAMES[k] ?? k}</kbd>}</For>
              </dt>
              <dd>{key.does}</dd>
            </>
          )}
        </For>
        <dt>
          <kbd>Esc</kbd>
        </dt>
        <dd>Close what is open</dd>
        <dt>
          <kbd>Tab</kbd>
        </dt>
        <dd>Go through everything that can be changed</dd>
      </dl>
    </Dialog>
  );
}

function isTyping(target: EventTarget | null): boolean {
  const isText = target instanceof HTMLInputElement && !["checkbox", "radio", "range", "button"].includes(target.type);
  return isText || target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement;
}

function isControl(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && ["A", "BUTTON", "SUMMARY"].includes(target.tagName);
}
