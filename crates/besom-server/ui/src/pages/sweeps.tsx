// All sweeps of the store: state, progress, the best value and how it came about, rate and end.

import { createMemo, createSignal, For, type JSX, onCleanup, Show } from "solid-js";
import { ago, count, duration, moment, number } from "../parts/format";
import { Command } from "../parts/command";
import { useKeys } from "../parts/keys";
import { Labels } from "../parts/labels";
import { Problem } from "../parts/loaded";
import { Spark } from "../parts/spark";
import { State, StateBar } from "../parts/state";
import { go, link, query, setQuery } from "../routes";
import { now } from "../scope";
import { messageOf, type Source } from "../source/source";
import type { Summary } from "../source/types";
import { toggled } from "../toggled";

export function Sweeps(props: { source: Source }): JSX.Element {
  const { sweeps, error, retry } = watchSweeps(props.source);
  const wanted = createMemo(() => (sweeps() ?? []).filter((sweep) => matches(sweep, query("find"))));
  const [at, setAt] = createSignal(-1);
  const open = (): void => void (wanted()[at()] && go(link(["s", wanted()[at()].id])));
  const step = (by: number): void => {
    setAt(Math.max(0, Math.min(wanted().length - 1, at() + by)));
    document.querySelectorAll<HTMLElement>(".sweeps .row")[at()]?.scrollIntoView({ block: "nearest" });
  };
  let find: HTMLInputElement | undefined;
  const picked = createMemo(() => query("ids").split(",").filter(Boolean));
  const toggle = (id: string): void => setQuery({ ids: toggled(picked(), id).join(",") || null });
  const compare = (): void => go(link(["compare"], { ids: picked().join(",") }));
  useKeys([
    { keys: "j", does: "Next sweep", act: () => step(1) },
    { keys: "k", does: "Previous sweep", act: () => step(-1) },
    { keys: "Enter", does: "Open the sweep", act: open },
    { keys: "x", does: "Select or unselect the sweep", act: () => wanted()[at()] && toggle(wanted()[at()].id) },
    { keys: "c", does: "Compare the selected sweeps", act: () => picked().length > 1 && compare() },
    { keys: "/", does: "Find a sweep", act: () => find?.focus() },
  ]);
  return (
    <main>
      <div class="title">
        <h1>Sweeps</h1>
        <Show when={(sweeps()?.length ?? 0) > 0}>
          <input
            type="search"
            ref={find}
            aria-label="Find a sweep by name, id, state or method"
            placeholder="Find by name, id, state …"
            value={query("find")}
            onInput={(event) => setQuery({ find: event.currentTarget.value || null })}
          />
          <button type="button" disabled={picked().length < 2} onClick={compare}>
            Compare selected
          </button>
        </Show>
      </div>
      <Show when={error()}>{(message) => <Problem message={message()} retry={retry} />}</Show>
      <Show
        when={sweeps()}
        fallback={
          <Show when={!error()}>
            <p class="empty" aria-busy="true">
              Loading …
            </p>
          </Show>
        }
      >
        <Show when={(sweeps()?.length ?? 0) > 0} fallback={<NoSweep />}>
          <div class="card sweeps" role="table" aria-label="Sweeps" aria-rowcount={wanted().length + 1}>
            <Head />
            <For each={wanted()} fallback={<p class="empty">No sweep matches.</p>}>
              {(sweep, i) => (
                <Row sweep={sweep} isAt={i() === at()} isPicked={picked().includes(sweep.id)} toggle={() => toggle(sweep.id)} />
              )}
            </For>
          </div>
        </Show>
      </Show>
    </main>
  );
}

function matches(sweep: Summary, text: string): boolean {
  const labels = Object.values(sweep.labels).join(" ");
  const whole = `${sweep.name ?? ""} ${sweep.id} ${sweep.state} ${sweep.method} ${sweep.metric?.name ?? ""} ${labels}`.toLowerCase();
  return text
    .toLowerCase()
    .split(/\s+/)
    .every((word) => whole.includes(word));
}

function watchSweeps(source: Source): { sweeps: () => Summary[] | undefined; error: () => string | null; retry: () => void } {
  const [sweeps, setSweeps] = createSignal<Summary[]>();
  const [error, setError] = createSignal<string | null>(null);
  let stop = (): void => undefined;
  // Of sweeps that went while the connection was lost no event tells.
  let wasLost = false;
  const hear = (event: string, data: string): void => {
    if (event !== "sweeps") return;
    const { sweeps: changed, gone = [] } = JSON.parse(data) as { sweeps: Summary[]; gone?: string[] };
    const ids = new Set([...changed.map(({ id }) => id), ...gone]);
    setSweeps((old) => [...changed, ...(old ?? []).filter(({ id }) => !ids.has(id))].sort((a, b) => b.created_ms - a.created_ms));
  };
  const retry = (): void => {
    stop();
    wasLost = false;
    setError(null);
    source.json<{ sweeps: Summary[] }>("v1/sweeps").then(
      (answer) => {
        setSweeps(answer.sweeps);
        stop = source.watch(
          () => "v1/watch",
          hear,
          (link) => {
            if (link === "live" && wasLost) retry();
            wasLost = link === "lost";
          },
        );
      },
      (failure: unknown) => setError(messageOf(failure)),
    );
  };
  retry();
  onCleanup(() => stop());
  return { sweeps, error, retry };
}

function NoSweep(): JSX.Element {
  return (
    <div class="card empty">
      <p>This store has no sweep yet. Create one from a sweep file and run it:</p>
      <p>
        <Command text="besom run sweep.yaml -j 4" />
      </p>
      <p>It shows here as soon as it is created.</p>
    </div>
  );
}

function Head(): JSX.Element {
  return (
    <div class="row heads" role="row">
      <span role="columnheader">
        <span class="hidden">Selected</span>
      </span>
      <For each={["Sweep", "State", "Runs", "Best", "Rate", "Agents", "Created"]}>
        {(title) => <span role="columnheader">{title}</span>}
      </For>
    </div>
  );
}

function Row(props: { sweep: Summary; isAt: boolean; isPicked: boolean; toggle: () => void }): JSX.Element {
  const sweep = (): Summary => props.sweep;
  const all = (): number => Object.values(sweep().counts).reduce((a, b) => a + b, 0);
  const cap = (): number | null => sweep().planned ?? sweep().run_cap;
  return (
    <div class="row" role="row" classList={{ at: props.isAt }}>
      <span role="cell" class="pick">
        <input
          type="checkbox"
          checked={props.isPicked}
          onChange={() => props.toggle()}
          aria-label={`Select ${sweep().name ?? sweep().id}`}
        />
      </span>
      <span role="cell" class="name">
        <a href={link(["s", sweep().id])}>{sweep().name ?? sweep().id}</a>
        <small>
          {sweep().name ? `${sweep().id} · ` : ""}
          {sweep().method ?? "unknown method"}
          {sweep().early_terminate ? ` + ${sweep().early_terminate}` : ""}
        </small>
        <Labels sweep={sweep()} />
      </span>
      <span role="cell">
        <State state={sweep().idle && sweep().state === "running" ? "idle" : sweep().state} />
      </span>
      <span role="cell" class="runs">
        <StateBar counts={sweep().counts} cap={cap()} />
        <small>
          {count(all())}
          {cap() ? ` of ${count(cap()!)}` : ""} runs
        </small>
      </span>
      <span role="cell" class="best">
        <Show when={sweep().best} fallback="–">
          <Spark trend={sweep().trend} />
          <span>
            <b>{number(sweep().best!.value)}</b>
            <small>{sweep().metric?.name}</small>
          </span>
        </Show>
      </span>
      <span role="cell" class="rate">
        {rate(sweep())}
      </span>
      <span role="cell" class="agents">
        {sweep().agents.alive || "–"}
      </span>
      <span role="cell" class="age" title={moment(sweep().created_ms)}>
        {ago(sweep().created_ms, now())}
      </span>
    </div>
  );
}

function rate(sweep: Summary): string {
  if (sweep.state !== "running" || !sweep.rate_per_hour) return "–";
  const end = sweep.eta_s ? ` · ${duration(sweep.eta_s)} left` : "";
  return `${number(sweep.rate_per_hour, 3)}/h${end}`;
}
