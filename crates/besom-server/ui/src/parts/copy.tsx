// A button that copies a text, and says so.

import { createSignal, type JSX } from "solid-js";

const SAID_MS = 1500;

export function Copy(props: { text: string; label?: string }): JSX.Element {
  const [isCopied, setCopied] = createSignal(false);
  const copy = (): void => {
    void navigator.clipboard?.writeText(props.text).then(() => {
      setCopied(true);
      setTimeout(() => setCopied(false), SAID_MS);
    });
  };
  return (
    <button type="button" onClick={copy} aria-label={props.label}>
      {isCopied() ? "Copied" : "Copy"}
    </button>
  );
}
