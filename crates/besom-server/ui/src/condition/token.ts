// The words of a condition; the language is besom's own, see crates/besom-core/src/expr.rs.

export type Token = { kind: "number"; value: number } | { kind: "text" | "word" | "quoted" | "sign"; value: string } | { kind: "end" };

/** A word and its place, in characters. */
export interface Placed {
  token: Token;
  at: number;
  length: number;
}

/** Why a text is no condition, and where. */
export class ConditionError extends Error {
  constructor(
    readonly at: number,
    length: number,
    kind: string,
  ) {
    super(`column ${at + 1}: ${kind}`);
    this.length = Math.max(1, length);
  }
  readonly length: number;
}

// Longer ones before those they begin with.
const SIGNS = "** // <= >= == != < > = + - * / % ( ) [ ] ,".split(" ");

const HINTS: Record<string, string> = { "&": "and", "|": "or", "!": "not", "~": "not", "^": "**" };

/** The words of a text, and an end. */
export function tokens(text: string): Placed[] {
  const chars = Array.from(text);
  const all: Placed[] = [];
  let at = 0;
  while (at < chars.length) {
    if (/\s/u.test(chars[at])) {
      at += 1;
      continue;
    }
    const [token, length] = next(chars, at);
    all.push({ token, at, length });
    at += length;
  }
  return [...all, { token: { kind: "end" }, at, length: 1 }];
}

function next(chars: string[], at: number): [Token, number] {
  const c = chars[at];
  if (`"'\``.includes(c)) {
    const [value, length] = quoted(chars, at);
    return [{ kind: c === "`" ? "quoted" : "text", value }, length];
  }
  if (/\d/.test(c) || (c === "." && /\d/.test(chars[at + 1] ?? ""))) return numeral(chars, at);
  if (/[\p{Alphabetic}_]/u.test(c)) {
    let end = at + 1;
    while (end < chars.length && /[\p{Alphabetic}\p{N}_.]/u.test(chars[end])) end += 1;
    return [{ kind: "word", value: chars.slice(at, end).join("") }, end - at];
  }
  const sign = SIGNS.find((sign) => chars.slice(at, at + sign.length).join("") === sign);
  if (sign) return [{ kind: "sign", value: sign }, sign.length];
  throw new ConditionError(at, 1, `unexpected '${c}'${c in HINTS ? ` (write: ${HINTS[c]})` : ""}`);
}

/** A text between quotes; a backslash takes the next character as it is. */
function quoted(chars: string[], start: number): [string, number] {
  const quote = chars[start];
  let text = "";
  for (let at = start + 1; at < chars.length; at += 1) {
    if (chars[at] === quote) return [text, at + 1 - start];
    if (chars[at] === "\\" && quote !== "`") at += 1;
    text += chars[at] ?? "";
  }
  throw new ConditionError(start, 1, `this ${quote} is not closed`);
}

function numeral(chars: string[], at: number): [Token, number] {
  let end = at;
  while (end < chars.length) {
    const isSign = /[+-]/.test(chars[end]) && end > at && /e/i.test(chars[end - 1]);
    if (!/[0-9a-zA-Z._]/.test(chars[end]) && !isSign) break;
    end += 1;
  }
  const text = chars.slice(at, end).join("");
  const plain = text.replaceAll("_", "");
  if (!/^(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(plain)) {
    throw new ConditionError(at, end - at, `expected a number, found '${text}'`);
  }
  return [{ kind: "number", value: Number(plain) }, end - at];
}
