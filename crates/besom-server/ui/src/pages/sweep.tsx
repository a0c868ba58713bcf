// A sweep: its head with actions, tabs, and the page of the chosen tab.

import { type Component, createEffect, createMemo, For, type JSX, Show } from "solid-js";
import { Dynamic } from "solid-js/web";
import { createSweep, SweepContext, useSweep } from "../model";
import { useKeys } from "../parts/keys";
import { Problem } from "../parts/loaded";
import { go, link, route, shared } from "../routes";
import type { Source } from "../source/source";
import { AgentsPage } from "./agents";
import { Compare } from "./compare";
import { FilePage } from "./file";
import { SweepHead } from "./head";
import { Log } from "./log";
import { Overview } from "./overview";
import { RunPage } from "./run";
import { Runs } from "./runs";
import { Space } from "./space";
import { Statistics } from "./statistics";

const TABS: { path: string; title: string; page: Component }[] = [
  { path: "", title: "Overview", page: Overview },
  { path: "runs", title: "Runs", page: Runs },
  { path: "compare", title: "Compare", page: Compare },
  { path: "space", title: "Space", page: Space },
  { path: "statistics", title: "Statistics", page: Statistics },
  { path: "agents", title: "Agents", page: AgentsPage },
  { path: "log", title: "Log", page: Log },
  { path: "file", title: "File", page: FilePage },
];

export function SweepPage(props: { id: string; source: Source }): JSX.Element {
  const sweep = createSweep(props.source, props.id);
  const isReady = createMemo(() => sweep.detail() !== undefined && sweep.history() !== undefined);
  return (
    <SweepContext.Provider value={sweep}>
      <main>
        <Show when={sweep.gone()}>
          <Problem message="This sweep was removed from the store." />
        </Show>
        <Show when={sweep.error()}>{(message) => <Problem message={message()} retry={sweep.reload} />}</Show>
        <Show
          when={isReady()}
          fallback={
            <Show when={!sweep.error()}>
              <p class="empty" aria-busy="true">
                Loading …
              </p>
            </Show>
          }
        >
          <SweepHead />
          <Tabs />
        </Show>
      </main>
    </SweepContext.Provider>
  );
}

function Tabs(): JSX.Element {
  const { id } = useSweep();
  const path = (): string => route().path[2] ?? "";
  const at = createMemo(() =>
    Math.max(
      0,
      TABS.findIndex((tab) => tab.path === path()),
    ),
  );
  const isRun = createMemo(() => path() === "runs" && route().path[3] !== undefined);
  const to = (tab: number): string => link(["s", id, TABS[(tab + TABS.length) % TABS.length].path].filter(Boolean), shared());
  let bar!: HTMLElement;
  // On a narrow screen the bar scrolls.
  createEffect(() => bar.children[at()].scrollIntoView({ block: "nearest", inline: "nearest" }));
  useKeys([
    { keys: "[", does: "Previous tab", act: () => go(to(at() - 1)) },
    { keys: "]", does: "Next tab", act: () => go(to(at() + 1)) },
  ]);
  return (
    <>
      <nav class="tabs" ref={bar} aria-label="Pages of this sweep">
        <For each={TABS}>
          {(tab, i) => (
            <a href={to(i())} aria-current={i() === at() ? "page" : undefined}>
              {tab.title}
            </a>
          )}
        </For>
      </nav>
      <Show when={isRun()} fallback={<Dynamic component={TABS[at()].page} />}>
        <RunPage />
      </Show>
    </>
  );
}
