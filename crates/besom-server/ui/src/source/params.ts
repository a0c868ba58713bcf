// Parameters of a run, which may be nested.

import type { Params } from "./types";

/** Nested parameters under names with dots. */
export function leaves(params: Params, prefix = ""): [string, Params[string]][] {
  return Object.entries(params).flatMap(([key, v]) =>
    v !== null && typeof v === "object" && !Array.isArray(v)
      ? leaves(v, `${prefix}${key}.`)
      : [[`${prefix}${key}`, v] as [string, Params[string]]],
  );
}
