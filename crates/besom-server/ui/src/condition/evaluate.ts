// What a condition says of a run. It becomes a function once, since a filter asks it of 100,000 runs.

import type { Value } from "../source/types";
import type { Node } from "./parse";

/** What a part gives; undefined if it depends on something that is missing, null for what is equal to nothing. */
type Operand = number | string | boolean | null | Operand[] | undefined;
/** True, false, or unknown. */
type Truth = boolean | undefined;
/** Finds the value of a name in a row. */
export type Lookup = (row: number) => Value | undefined;
export type Names = (name: string) => Lookup;

/** A function that gives for a row whether the condition holds; undefined if that is unknown. */
export function compile(node: Node, names: Names): (row: number) => Truth {
  switch (node.kind) {
    case "not": {
      const inner = compile(node.inner, names);
      return (row) => negated(inner(row));
    }
    case "all":
    case "any": {
      const items = node.items.map((item) => compile(item, names));
      const decisive = node.kind === "any";
      return (row) => fold(items, row, decisive);
    }
    case "chain":
      return chain(node, names);
    default: {
      const value = operand(node, names);
      return (row) => {
        const found = value(row);
        return found === undefined ? undefined : found === true;
      };
    }
  }
}

function negated(truth: Truth): Truth {
  return truth === undefined ? undefined : !truth;
}

/** `decisive` if any of them is; else unknown if any is unknown. */
function fold(items: ((row: number) => Truth)[], row: number, decisive: boolean): Truth {
  let result: Truth = !decisive;
  for (const item of items) {
    const holds = item(row);
    if (holds === decisive) return decisive;
    if (holds === undefined) result = undefined;
  }
  return result;
}

function chain(node: Extract<Node, { kind: "chain" }>, names: Names): (row: number) => Truth {
  const first = operand(node.first, names);
  const rest = node.rest.map(({ by, right }) => ({ by, right: operand(right, names) }));
  return (row) => {
    let left = first(row);
    let result: Truth = true;
    for (const { by, right } of rest) {
      const next = right(row);
      if (left === undefined || next === undefined) result = undefined;
      else if (!compare(by, left, next)) return false;
      left = next;
    }
    return result;
  };
}

function operand(node: Node, names: Names): (row: number) => Operand {
  switch (node.kind) {
    case "literal":
      return () => node.value;
    case "name": {
      const lookup = names(node.name);
      return (row) => fromValue(lookup(row));
    }
    case "list": {
      const items = node.items.map((item) => operand(item, names));
      return (row) => whole(items.map((item) => item(row)));
    }
    case "negative": {
      const inner = operand(node.inner, names);
      return (row) => numeric([inner(row)], (x) => -x);
    }
    case "arithmetic": {
      const [left, right] = [operand(node.left, names), operand(node.right, names)];
      return (row) => numeric([left(row), right(row)], (a, b) => arithmetic(node.by, a, b));
    }
    case "call": {
      const items = node.items.map((item) => operand(item, names));
      return (row) =>
        numeric(
          items.map((item) => item(row)),
          (...x) => call(node.name, x),
        );
    }
    default:
      return compile(node, names);
  }
}

function fromValue(value: Value | undefined): Operand {
  if (Array.isArray(value)) return value.map(fromValue);
  return value !== null && typeof value === "object" ? null : value;
}

function whole(items: Operand[]): Operand {
  return items.includes(undefined) ? undefined : items;
}

function numeric(operands: Operand[], f: (...x: number[]) => number): Operand {
  if (operands.includes(undefined)) return undefined;
  return f(...operands.map((x) => (typeof x === "number" ? x : NaN)));
}

function compare(by: string, left: Operand, right: Operand): boolean {
  switch (by) {
    case "==":
      return equal(left, right);
    case "!=":
      return !equal(left, right) && !Number.isNaN(left) && !Number.isNaN(right);
    case "in":
      return isIn(left, right);
    case "not in":
      return !isIn(left, right);
    default:
      return ordered(by, left, right);
  }
}

function ordered(by: string, left: Operand, right: Operand): boolean {
  const areNumbers = typeof left === "number" && typeof right === "number";
  if (!areNumbers && !(typeof left === "string" && typeof right === "string")) return false;
  const [a, b] = [left as number, right as number];
  return by === "<" ? a < b : by === "<=" ? a <= b : by === ">" ? a > b : a >= b;
}

function equal(left: Operand, right: Operand): boolean {
  if (Array.isArray(left) && Array.isArray(right)) {
    return left.length === right.length && left.every((item, i) => equal(item, right[i]));
  }
  return left === right;
}

/** Among the items of a list, or within a text. */
function isIn(item: Operand, all: Operand): boolean {
  if (Array.isArray(all)) return all.some((other) => equal(item, other));
  return typeof item === "string" && typeof all === "string" && all.includes(item);
}

/** As in Python: `//` and `%` go by the floor. */
function arithmetic(by: string, a: number, b: number): number {
  switch (by) {
    case "+":
      return a + b;
    case "-":
      return a - b;
    case "*":
      return a * b;
    case "/":
      return b === 0 ? NaN : a / b;
    case "//":
      return b === 0 ? NaN : Math.floor(a / b);
    case "%":
      return a - b * Math.floor(a / b);
    default:
      // As in C, unlike JavaScript.
      return a === 1 || (a === -1 && Math.abs(b) === Infinity) ? 1 : a ** b;
  }
}

function call(name: string, x: number[]): number {
  switch (name) {
    case "round":
      return roundEven(x[0]);
    case "min":
      return Math.min(...x);
    case "max":
      return Math.max(...x);
    default:
      return (Math as unknown as Record<string, (x: number) => number>)[name](x[0]);
  }
}

function roundEven(x: number): number {
  const floor = Math.floor(x);
  if (x - floor !== 0.5) return Math.round(x);
  return floor % 2 === 0 ? floor : floor + 1;
}
