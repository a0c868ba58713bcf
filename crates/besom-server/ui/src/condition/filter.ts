// A filter over the runs of a table: `lr < 1e-3 and state = failed`.

import { compile, type Names } from "./evaluate";
import { type Node, parse } from "./parse";
import { nearest } from "./spelling";
import { ConditionError } from "./token";

/** Reads a filter over these names: a word beside `==` or in a list that is no known name is a text without quotes. */
export function parseFilter(text: string, known: string[]): Node {
  const root = quoteWords(parse(text, true), known);
  eachName(root, (name, at, length) => {
    if (known.includes(name)) return;
    const near = nearest(name, known);
    throw new ConditionError(at, length, `unknown name '${name}'${near ? `, did you mean '${near}'?` : ""}`);
  });
  return root;
}

/** Which rows a filter lets through; those of which it is unknown are left out. */
export function filter(text: string, known: string[], names: Names): (row: number) => boolean {
  const holds = compile(parseFilter(text, known), names);
  return (row) => holds(row) === true;
}

function children(node: Node): Node[] {
  switch (node.kind) {
    case "list":
    case "all":
    case "any":
    case "call":
      return node.items;
    case "not":
    case "negative":
      return [node.inner];
    case "arithmetic":
      return [node.left, node.right];
    case "chain":
      return [node.first, ...node.rest.map(({ right }) => right)];
    default:
      return [];
  }
}

function eachName(node: Node, call: (name: string, at: number, length: number) => void): void {
  if (node.kind === "name") call(node.name, node.at, node.length);
  for (const child of children(node)) eachName(child, call);
}

/** Makes texts of the words that stand where a text may, and are no names. */
function quoteWords(node: Node, known: string[]): Node {
  if (node.kind === "chain") {
    for (const item of node.rest) {
      if (item.by === "==" || item.by === "!=") item.right = quoted(item.right, known);
      else if (item.by.endsWith("in") && item.right.kind === "list") {
        item.right.items = item.right.items.map((inner) => quoted(inner, known));
      }
    }
  } else {
    for (const child of children(node)) quoteWords(child, known);
  }
  return node;
}

function quoted(node: Node, known: string[]): Node {
  return node.kind === "name" && !known.includes(node.name) ? { kind: "literal", value: node.name } : node;
}
