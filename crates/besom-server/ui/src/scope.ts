// What the reader's token allows, and the clock of the page.

import { createContext, createSignal, useContext } from "solid-js";

export interface Version {
  version: string;
  /** Nothing without a token. */
  scope: "owner" | "agent" | "read" | null;
  name: string | null;
}

export interface Scope {
  mayAct: () => boolean;
  version: () => Version | undefined;
}

export const ScopeContext = createContext<Scope>({ mayAct: () => false, version: () => undefined });

export function useScope(): Scope {
  return useContext(ScopeContext);
}

const [now, setNow] = createSignal(Date.now());
const clock = setInterval(() => document.hidden || setNow(Date.now()), 1000);

/** The time, by the second, while anybody looks. */
export { now };

/** Lets time stand still. */
export function stopClock(ms: number): void {
  clearInterval(clock);
  setNow(ms);
}
