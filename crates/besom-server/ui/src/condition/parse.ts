// From words to a tree, by the precedence of Python: `or`, `and`, `not`, comparisons, `+ -`, `* / // %`, a sign, `**`.

import { nearest } from "./spelling";
import { ConditionError, type Placed, type Token, tokens } from "./token";

export type Literal = number | string | boolean;

export type Node =
  | { kind: "literal"; value: Literal }
  | { kind: "name"; name: string; at: number; length: number }
  | { kind: "list" | "all" | "any"; items: Node[] }
  | { kind: "call"; name: string; items: Node[] }
  | { kind: "not" | "negative"; inner: Node }
  | { kind: "arithmetic"; by: string; left: Node; right: Node }
  | { kind: "chain"; first: Node; rest: { by: string; right: Node }[] };

export const FUNCTIONS = ["abs", "min", "max", "floor", "ceil", "round", "sqrt", "exp", "log", "log2", "log10"];
const MOST = 4096;
const DEEPEST = 64;
const COMPARISONS = ["<", "<=", ">", ">=", "==", "!="];

/** Reads a condition, or a filter, which takes `=` for `==`. */
export function parse(text: string, isFilter: boolean): Node {
  if (Array.from(text).length > MOST) throw new ConditionError(0, 1, "too long or too deeply nested");
  const root = new Parser(tokens(text), isFilter).whole();
  const isValue =
    ["arithmetic", "negative", "list", "call"].includes(root.kind) || (root.kind === "literal" && typeof root.value !== "boolean");
  if (isValue) {
    const trimmed = text.trim();
    throw new ConditionError(0, trimmed.length, `expected a comparison, such as ${trimmed} > 0`);
  }
  return root;
}

class Parser {
  private next = 0;
  private depth = 0;

  constructor(
    private readonly tokens: Placed[],
    private readonly isFilter: boolean,
  ) {}

  whole(): Node {
    const root = this.any();
    if (this.peek().kind !== "end") throw this.expected("and, or, or the end");
    return root;
  }

  private peek(): Token {
    return this.tokens[this.next].token;
  }

  private takeSign(...signs: string[]): string | null {
    const token = this.peek();
    if (token.kind !== "sign" || !signs.includes(token.value)) return null;
    this.next += 1;
    return token.value;
  }

  private takeWord(word: string): boolean {
    const token = this.peek();
    const isIt = token.kind === "word" && token.value.toLowerCase() === word;
    if (isIt) this.next += 1;
    return isIt;
  }

  private error(kind: string): ConditionError {
    const { at, length } = this.tokens[this.next];
    return new ConditionError(at, length, kind);
  }

  private expected(expected: string): ConditionError {
    const token = this.peek();
    if (token.kind === "sign" && token.value === "=") return this.error("unexpected '=' (write: ==)");
    const found =
      token.kind === "end"
        ? "the end"
        : token.kind === "number"
          ? String(token.value)
          : token.kind === "text"
            ? `the text '${token.value}'`
            : `'${token.value}'`;
    return this.error(`expected ${expected}, found ${found}`);
  }

  private deeper(inner: () => Node): Node {
    this.depth += 1;
    if (this.depth > DEEPEST) throw this.error("too long or too deeply nested");
    const node = inner.call(this);
    this.depth -= 1;
    return node;
  }

  private any(): Node {
    const items = [this.all()];
    while (this.takeWord("or")) items.push(this.all());
    return items.length === 1 ? items[0] : { kind: "any", items };
  }

  private all(): Node {
    const items = [this.not()];
    while (this.takeWord("and")) items.push(this.not());
    return items.length === 1 ? items[0] : { kind: "all", items };
  }

  private not(): Node {
    if (this.takeWord("not")) return { kind: "not", inner: this.deeper(this.not) };
    const first = this.sum();
    const rest: { by: string; right: Node }[] = [];
    for (let by = this.comparison(); by; by = this.comparison()) rest.push({ by, right: this.sum() });
    return rest.length === 0 ? first : { kind: "chain", first, rest };
  }

  private comparison(): string | null {
    if (this.takeWord("in")) return "in";
    if (this.takeWord("not")) {
      if (this.takeWord("in")) return "not in";
      throw this.expected("in");
    }
    if (this.isFilter && this.takeSign("=")) return "==";
    return this.takeSign(...COMPARISONS);
  }

  private sum(): Node {
    let left = this.product();
    for (let by = this.takeSign("+", "-"); by; by = this.takeSign("+", "-")) {
      left = { kind: "arithmetic", by, left, right: this.product() };
    }
    return left;
  }

  private product(): Node {
    let left = this.signed();
    for (let by = this.takeSign("*", "/", "//", "%"); by; by = this.takeSign("*", "/", "//", "%")) {
      left = { kind: "arithmetic", by, left, right: this.signed() };
    }
    return left;
  }

  private signed(): Node {
    const sign = this.takeSign("+", "-");
    if (sign === "-") return { kind: "negative", inner: this.deeper(this.signed) };
    return sign ? this.deeper(this.signed) : this.power();
  }

  private power(): Node {
    const left = this.atom();
    if (!this.takeSign("**")) return left;
    return { kind: "arithmetic", by: "**", left, right: this.deeper(this.signed) };
  }

  private atom(): Node {
    if (this.takeSign("(")) {
      const inner = this.deeper(this.any);
      if (!this.takeSign(")")) throw this.expected("')'");
      return inner;
    }
    if (this.takeSign("[")) return { kind: "list", items: this.items("]") };
    const node = this.literalOrName();
    this.next += 1;
    return node.kind === "name" && this.takeSign("(") ? this.call(node) : node;
  }

  private literalOrName(): Node {
    const { token, at, length } = this.tokens[this.next];
    if (token.kind === "number" || token.kind === "text") return { kind: "literal", value: token.value };
    if (token.kind === "quoted") return { kind: "name", name: token.value, at, length };
    if (token.kind !== "word") throw this.expected("a name or a value");
    const word = token.value.toLowerCase();
    if (word === "true" || word === "false") return { kind: "literal", value: word === "true" };
    if (["and", "or", "not", "in"].includes(word)) throw this.expected("a name or a value");
    return { kind: "name", name: token.value, at, length };
  }

  private call({ name, at, length }: { name: string; at: number; length: number }): Node {
    if (!FUNCTIONS.includes(name)) {
      const near = nearest(name, FUNCTIONS);
      const hint = near ? `, did you mean '${near}'?` : "";
      throw new ConditionError(at, length, `unknown function '${name}'${hint}; functions: ${FUNCTIONS.join(", ")}`);
    }
    const items = this.items(")");
    const isList = name === "min" || name === "max";
    if (isList ? items.length < 1 : items.length !== 1) {
      const takes = isList ? "at least one argument" : "one argument";
      throw new ConditionError(at, length, `${name} takes ${takes}, found ${items.length}`);
    }
    return { kind: "call", name, items };
  }

  /** Items between commas, up to a closing sign. */
  private items(close: string): Node[] {
    const items: Node[] = [];
    while (!this.takeSign(close)) {
      items.push(this.deeper(this.any));
      if (!this.takeSign(",")) {
        if (this.takeSign(close)) return items;
        throw this.expected(`',' or '${close}'`);
      }
    }
    return items;
  }
}
