// A command line to copy.

import type { JSX } from "solid-js";
import { Copy } from "./copy";

export function Command(props: { text: string }): JSX.Element {
  return (
    <span class="command">
      <code>{props.text}</code>
      <Copy text={props.text} label={`Copy: ${props.text}`} />
    </span>
  );
}
