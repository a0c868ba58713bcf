// A command line to copy.

import { createSignal, type JSX } from "solid-js";

export function Command(props: { text: string }): JSX.Element {
  const [isCopied, setCopied] = createSignal(false);
  const copy = (): void => {
    void navigator.clipboard?.writeText(props.text).then(() => {
      setCopied(true);
      setTimeout(() => setCopied(false), 1500);
    });
  };
  return (
    <span class="command">
      <code>{props.text}</code>
      <button type="button" onClick={copy} aria-label={`Copy: ${props.text}`}>
        {isCopied() ? "Copied" : "Copy"}
      </button>
    </span>
  );
}
