// What is wider or taller than its place, and scrolls by itself: by keys, too.

import type { JSX } from "solid-js";

interface Props {
  /** What it is, for a reader who does not see it. */
  label: string;
  isTall?: boolean;
  ref?: (place: HTMLDivElement) => void;
  children: JSX.Element;
}

export function Scroll(props: Props): JSX.Element {
  return (
    <div
      class="scroll"
      classList={{ tall: props.isTall === true }}
      tabindex="0"
      role="group"
      aria-label={props.label}
      ref={(place) => props.ref?.(place)}
    >
      {props.children}
    </div>
  );
}
