// What is known of a run, by the names that `besom runs --where` uses: the columns of the table and the names of filters.

import { valueAt } from "./draw/scales";
import { duration, number, value as anyValue } from "./parts/format";
import { now } from "./scope";
import type { History, Places } from "./source/columns";
import type { Detail, Parameter, Value } from "./source/types";

export interface Field {
  /** How filters, sorts and the address call it; the first is its own. */
  names: string[];
  title: string;
  numeric: boolean;
  /** Whether the table shows it unless it is chosen. */
  usual: boolean;
  value: (row: number) => Value | undefined;
  /** What it is sorted by; NaN comes last in both directions. */
  key: (row: number) => number | string;
  text: (row: number) => string;
}

/** All fields of a sweep's runs, parameters that vary first. */
export function fieldsOf(detail: Detail | undefined, history: History | undefined): Field[] {
  if (!detail || !history) return [];
  const known = builtIn(detail, history);
  const taken = new Set(known.flatMap((field) => field.names));
  const varies = new Map(detail.parameters.map((parameter) => [parameter.name, parameter]));
  const parameters = history.parameters.map((column) => parameterField(column, varies.get(column.name), taken));
  parameters.sort((a, b) => Number(b.usual) - Number(a.usual));
  const [run, state, value, ...rest] = known;
  return [run, state, value, ...parameters, ...rest];
}

function builtIn(detail: Detail, history: History): Field[] {
  const metric = detail.metric?.name ?? "value";
  return [
    numeric(["run"], "Run", (i) => i + 1, String),
    state(history),
    numeric(["best", metric], metric, (i) => history.value[i]),
    numeric(["last"], "Last", (i) => history.last[i], number, false),
    numeric(["steps"], "Steps", (i) => history.rows[i], String),
    numeric(["time"], "Time", (i) => history.seconds(i, now), duration),
    numeric(["attempt"], "Attempt", (i) => history.attempt[i], String, false),
    agent(history),
  ];
}

function numeric(names: string[], title: string, key: (row: number) => number, show: (x: number) => string = number, usual = true): Field {
  const text = (row: number): string => (Number.isNaN(key(row)) ? "–" : show(key(row)));
  const value = (row: number): number | undefined => (Number.isNaN(key(row)) ? undefined : key(row));
  return { names, title, numeric: true, usual, key, value, text };
}

function state(history: History): Field {
  const key = (row: number): string => history.stateOf(row);
  return { names: ["state"], title: "State", numeric: false, usual: true, key, value: key, text: key };
}

function agent(history: History): Field {
  const value = (row: number): string | undefined => history.agentOf(row) ?? undefined;
  const text = (row: number): string => history.agentOf(row) ?? "–";
  return { names: ["agent"], title: "Agent", numeric: false, usual: false, key: text, value, text };
}

function parameterField(column: Places, parameter: Parameter | undefined, taken: Set<string>): Field {
  const { axis, name } = column;
  const isWhole = parameter?.kind === "integer";
  const value = (row: number): Value | undefined => {
    const found = valueAt(axis, column.places[row]);
    return isWhole && typeof found === "number" ? Math.round(found) : found;
  };
  const isCategory = axis.scale === "category";
  return {
    names: taken.has(name) ? [`params.${name}`] : [name, `params.${name}`],
    title: name,
    numeric: !isCategory,
    usual: parameter?.varies ?? true,
    value,
    // Places are in the order of the values, on any scale.
    key: (row) => column.places[row],
    text: (row) => {
      const found = value(row);
      return typeof found === "number" && !isCategory ? number(found) : anyValue(found);
    },
  };
}

/** The rows of a mask in the order of a field; those that lack it come last. */
export function sorted(mask: Uint8Array, field: Field | undefined, isDescending: boolean): Uint32Array {
  const rows = new Uint32Array(mask.length);
  let n = 0;
  for (let i = 0; i < mask.length; i += 1) if (mask[i]) rows[n++] = i;
  const some = rows.subarray(0, n);
  if (!field) return some;
  const sign = isDescending ? -1 : 1;
  if (n > 0 && typeof field.key(some[0]) === "string") {
    return some.sort((a, b) => sign * (field.key(a) as string).localeCompare(field.key(b) as string) || a - b);
  }
  const keys = new Float64Array(mask.length);
  for (const row of some) {
    const key = field.key(row) as number;
    keys[row] = Number.isNaN(key) ? Infinity : sign * key;
  }
  return some.sort((a, b) => keys[a] - keys[b] || a - b);
}
