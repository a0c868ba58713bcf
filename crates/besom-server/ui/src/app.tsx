// The frame of all pages: the head, the theme, the keys, and what the address asks for.

import { createResource, createSignal, type JSX, Match, Show, Switch } from "solid-js";
import { chooseTheme, isDark } from "./draw/palette";
import { Keys, useKeys } from "./parts/keys";
import { Problem } from "./parts/loaded";
import { Contest } from "./pages/contest";
import { SweepPage } from "./pages/sweep";
import { Sweeps } from "./pages/sweeps";
import { TokenPage } from "./pages/token";
import { go, link, route } from "./routes";
import { ScopeContext, stopClock, type Version } from "./scope";
import type { FileSource } from "./source/file";
import { Failure, messageOf, type Source } from "./source/source";

export function App(props: { source: Source }): JSX.Element {
  const { source } = props;
  const [failure, setFailure] = createSignal<unknown>(null);
  const [version, { refetch }] = createResource(() =>
    hello(source).then(
      (found) => (setFailure(null), found),
      (error: unknown) => void setFailure(error),
    ),
  );
  const mayAct = (): boolean => source.live && version()?.scope === "owner";
  const needsToken = (): boolean => failure() instanceof Failure && (failure() as Failure).status === 401;
  useKeys([{ keys: "g s", does: "All sweeps", act: () => go(link([])) }]);
  return (
    <ScopeContext.Provider value={{ mayAct, version }}>
      <Top source={source} version={version()} />
      <Switch>
        <Match when={needsToken()}>
          <TokenPage enter={() => void refetch()} message={messageOf(failure())} />
        </Match>
        <Match when={failure()}>
          <main>
            <Problem message={messageOf(failure())} retry={() => void refetch()} />
          </main>
        </Match>
        <Match when={version()}>
          <Page source={source} />
        </Match>
      </Switch>
      <Keys />
    </ScopeContext.Provider>
  );
}

async function hello(source: Source): Promise<Version> {
  if (source.live) {
    const version = await source.json<Version>("v1/version");
    if (!version.scope) throw new Failure(401, "no_token", "This token is not one of the server's.");
    return version;
  }
  // An export has one sweep: it opens at once.
  const written = await (source as FileSource).writtenMs();
  if (written) stopClock(written);
  const paths = await (source as FileSource).paths();
  const id = paths.map((path) => /^\/v1\/sweeps\/([^/]+)\/columns$/.exec(path)?.[1]).find(Boolean);
  if (route().path.length === 0 && id && !paths.includes("/v1/sweeps")) location.replace(`#/s/${id}`);
  return { version: "", scope: "read", name: "export" };
}

function Page(props: { source: Source }): JSX.Element {
  const id = (): string | null => (route().path[0] === "s" && route().path[1] ? route().path[1] : null);
  return (
    <Show
      when={id()}
      keyed
      fallback={
        <Show when={route().path[0] === "compare"} fallback={<Sweeps source={props.source} />}>
          <Contest source={props.source} />
        </Show>
      }
    >
      {(sweep) => <SweepPage id={sweep} source={props.source} />}
    </Show>
  );
}

function Top(props: { source: Source; version: Version | undefined }): JSX.Element {
  const toggle = (): void => chooseTheme(isDark() ? "light" : "dark");
  const showKeys = (): void => void document.dispatchEvent(new KeyboardEvent("keydown", { key: "?" }));
  return (
    <header class="top">
      <a class="brand" href={link([])}>
        besom
      </a>
      <Show when={!props.source.live}>
        <span class="chip">export</span>
      </Show>
      <Show when={props.version?.scope === "read" && props.source.live}>
        <span class="chip">read only</span>
      </Show>
      <span class="space" />
      <button type="button" onClick={toggle} aria-pressed={isDark()}>
        {isDark() ? "☾ Dark" : "☀ Light"}
      </button>
      <button type="button" onClick={showKeys} aria-label="Keys of this page">
        ?
      </button>
    </header>
  );
}
