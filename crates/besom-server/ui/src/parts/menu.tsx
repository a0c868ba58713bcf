// A button that opens a panel below it; it closes by Escape and by a click elsewhere.

import { type JSX, onCleanup, onMount } from "solid-js";

interface Props {
  label: JSX.Element;
  title: string;
  side?: "left" | "right";
  children: JSX.Element;
}

export function Menu(props: Props): JSX.Element {
  let place!: HTMLDetailsElement;
  onMount(() => {
    const close = (event: Event): void => {
      const isOutside = event.target instanceof Node && !place.contains(event.target);
      if (event instanceof KeyboardEvent ? event.key === "Escape" && place.open : isOutside) {
        if (place.open && event instanceof KeyboardEvent) place.querySelector("summary")?.focus();
        place.open = false;
      }
    };
    document.addEventListener("pointerdown", close);
    document.addEventListener("keydown", close);
    onCleanup(() => (document.removeEventListener("pointerdown", close), document.removeEventListener("keydown", close)));
  });
  return (
    <details class="menu" ref={place}>
      <summary title={props.title}>
        <span class="cut">{props.label}</span>
      </summary>
      <div class="panel" classList={{ right: props.side === "right" }}>
        {props.children}
      </div>
    </details>
  );
}
