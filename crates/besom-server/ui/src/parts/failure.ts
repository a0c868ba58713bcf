// Kinds of failure in words, as the command says them.

import type { Failure } from "../source/types";

const WORDS: Record<Exclude<Failure, "error">, string> = {
  out_of_memory: "ran out of memory",
  time_limit: "reached its time limit",
  not_finite: "diverged",
  signal: "was killed from outside",
  lost_agent: "lost its agent",
  machine: "lost its machine",
};

/** The end of a sentence that begins with "the run"; null for an error of the program, of which its message says more. */
export function failureWords(failure: Failure | null): string | null {
  return failure === null || failure === "error" ? null : (WORDS[failure] ?? failure);
}
