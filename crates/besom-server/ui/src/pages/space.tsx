// What the model of the runs expects over the space, with its doubt: along each parameter, and over two of them.

import { createMemo, For, type JSX, Show } from "solid-js";
import { Slice } from "../draw/slice";
import { SurfacePicture } from "../draw/surface";
import { useSweep } from "../model";
import { bestOf } from "../best";
import { load, Loaded } from "../parts/loaded";
import { query, setQuery } from "../routes";
import type { Surface } from "../source/types";
import { CalibrationCard } from "./calibration";

/** The most runs that are drawn over a surface. */
const DOTS = 300;

export function Space(): JSX.Element {
  const sweep = useSweep();
  const names = createMemo(() => (sweep.detail()?.parameters ?? []).filter(({ varies }) => varies).map(({ name }) => name));
  const x = (): string | undefined => (names().includes(query("x")) ? query("x") : names()[0]);
  const y = (): string | undefined =>
    names().includes(query("y")) && query("y") !== x() ? query("y") : names().find((name) => name !== x());
  return (
    <Show when={names().length > 0} fallback={<p class="card empty">No parameter of this sweep varies.</p>}>
      <div class="grid">
        <div class="two-thirds">
          <section class="card" aria-labelledby="surface-title">
            <header>
              <h2 id="surface-title">Two parameters</h2>
              <Choice label="across" names={names()} value={x()} choose={(name) => setQuery({ x: name })} />
              <Choice label="up" names={names()} value={y()} choose={(name) => setQuery({ y: name })} />
            </header>
            <Show when={x() && y()} fallback={<p class="empty">Only one parameter varies.</p>}>
              <Contour x={x()!} y={y()!} />
            </Show>
          </section>
        </div>
        <div class="third">
          <CalibrationCard />
        </div>
        <For each={names()}>
          {(name) => (
            <div class="third">
              <SliceCard name={name} />
            </div>
          )}
        </For>
      </div>
    </Show>
  );
}

function Choice(props: { label: string; names: string[]; value: string | undefined; choose: (name: string) => void }): JSX.Element {
  return (
    <label class="choice">
      {props.label}
      <select value={props.value} onChange={(event) => props.choose(event.currentTarget.value)}>
        <For each={props.names}>{(name) => <option selected={name === props.value}>{name}</option>}</For>
      </select>
    </label>
  );
}

/** Grows with the logarithm of the runs, so that a model is not fitted anew for each. */
function version(counts: Record<string, number> | undefined): number {
  return Math.floor(8 * Math.log2(1 + (counts ? counts.finished + counts.stopped : 0)));
}

function Contour(props: { x: string; y: string }): JSX.Element {
  const sweep = useSweep();
  const key = (): string => `x=${encodeURIComponent(props.x)}&y=${encodeURIComponent(props.y)}`;
  const answer = load(
    () => `${key()} ${version(sweep.detail()?.counts)}`,
    () => sweep.source.json<Surface>(`${sweep.path}/surface?${key()}`),
  );
  // Many dots would hide what they lie on, and the best ones say most about it.
  const dots = createMemo(() => bestOf(sweep.shown(), sweep.history()?.value ?? new Float64Array(), sweep.metric().goal, DOTS));
  const places = (name: string): Float32Array =>
    sweep.history()?.parameters.find((column) => column.name === name)?.places ?? new Float32Array();
  return (
    <Loaded of={answer}>
      {(found) => (
        <Show
          when={found().mean.length > 0 && found().y}
          fallback={<p class="empty">{found().note ?? "There are not enough finished runs for a model yet."}</p>}
        >
          <SurfacePicture
            surface={found()}
            names={[props.x, props.y]}
            goal={sweep.metric().goal}
            metric={sweep.metric().name}
            runs={{ x: places(props.x), y: places(props.y), rows: dots() }}
          />
          <Show when={found().note}>
            <p class="muted">{found().note}</p>
          </Show>
        </Show>
      )}
    </Loaded>
  );
}

function SliceCard(props: { name: string }): JSX.Element {
  const sweep = useSweep();
  const key = (): string => `${props.name} ${version(sweep.detail()?.counts)}`;
  const answer = load(key, () => sweep.source.json<Surface>(`${sweep.path}/slice?x=${encodeURIComponent(props.name)}`));
  return (
    <section class="card" aria-label={`Slice along ${props.name}`}>
      <header>
        <h2>{props.name}</h2>
      </header>
      <Loaded of={answer}>
        {(found) => (
          <Show
            when={found().mean.length > 0}
            fallback={<p class="empty">{found().note ?? "There are not enough finished runs for a model yet."}</p>}
          >
            <Slice name={props.name} surface={found()} />
          </Show>
        )}
      </Loaded>
    </section>
  );
}
