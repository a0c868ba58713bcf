// What a sweep is and how it stands, and what can be done to it.

import { For, type JSX, Show } from "solid-js";
import { post, type Sweep, useSweep } from "../model";
import { type Action, Actions, type Opener } from "../parts/actions";
import { Command } from "../parts/command";
import { count, duration, many, moment, number, value } from "../parts/format";
import { Downloads } from "../parts/download";
import { useKeys } from "../parts/keys";
import { Labels } from "../parts/labels";
import { load } from "../parts/loaded";
import { RUN_STATES, State, StateBar } from "../parts/state";
import { link, shared } from "../routes";
import { useScope } from "../scope";
import type { Detail, Expected, Params, RunState, SweepState } from "../source/types";

export function SweepHead(): JSX.Element {
  const sweep = useSweep();
  const detail = (): Detail => sweep.detail()!;
  const scope = useScope();
  let opener: Opener | undefined;
  const actions = (): Action[] => actionsOf(sweep, detail());
  const press = (key: string): void => {
    const found = actions().find((action) => action.key === key);
    if (found && scope.mayAct()) opener?.open(found);
  };
  useKeys([{ keys: "p", does: "Pause or resume the sweep", act: () => press("p") }]);
  return (
    <header class="sweep-head">
      <div class="title">
        <h1>{detail().name ?? detail().id}</h1>
        <State state={detail().idle && detail().state === "running" ? "idle" : detail().state} />
        <Labels sweep={detail()} />
        <Show when={sweep.source.live && sweep.link() !== "live"}>
          <span class="warn">{sweep.link() === "lost" ? "Connection lost; trying again …" : "Connecting …"}</span>
        </Show>
        <span class="space" />
        <Actions actions={actions()} opener={(o) => (opener = o)} />
        <Show when={sweep.source.live}>
          <Downloads />
        </Show>
      </div>
      <p class="muted">
        <Show when={detail().name}>{detail().id} · </Show>
        {detail().method ?? "unknown method"}
        <Show when={detail().early_terminate}> + {detail().early_terminate}</Show>
        <For each={detail().goals}>
          {(metric) => (
            <>
              {" "}
              · {metric.goal} {metric.name}
            </>
          )}
        </For>{" "}
        · created {moment(detail().created_ms)}
      </p>
      <Show when={detail().description}>
        <p>{detail().description}</p>
      </Show>
      <Show when={detail().labels.notes}>
        <p class="notice note">{detail().labels.notes}</p>
      </Show>
      <Notices detail={detail()} />
      <Figures detail={detail()} />
    </header>
  );
}

/** What keeps the sweep from making progress, and what to do. */
function Notices(props: { detail: Detail }): JSX.Element {
  const detail = (): Detail => props.detail;
  const isOpen = (): boolean => ["pending", "running"].includes(detail().state);
  return (
    <>
      <Show when={why(detail())}>{(words) => <p class="notice">{words()}</p>}</Show>
      <Show when={detail().missing_metric}>
        <p class="notice">{detail().missing_metric}</p>
      </Show>
      <Show when={isOpen() && detail().agents.alive === 0}>
        <p class="notice">
          No agent works on this sweep. Start one on any machine that reaches this store: <Command text={`besom agent ${detail().id}`} />
        </p>
      </Show>
    </>
  );
}

/** Why it is paused or has ended, in words. */
function why({ state, reason, paused_by }: Detail): string | null {
  const standing = state === "paused" ? "Paused" : "Ended";
  if (reason) return reason.startsWith("by ") ? `${standing} ${reason}` : `${standing}: ${reason}`;
  return state === "paused" && paused_by ? `Paused by its ${paused_by}` : null;
}

function Figures(props: { detail: Detail }): JSX.Element {
  const sweep = useSweep();
  const detail = (): Detail => props.detail;
  const all = (): number => Object.values(detail().counts).reduce((a, b) => a + b, 0);
  const cap = (): number | null => detail().planned ?? detail().run_cap;
  const present = (): RunState[] => RUN_STATES.filter((state) => detail().counts[state] > 0);
  const isEnded = (): boolean => detail().ended_ms !== null;
  // Grows with the logarithm of the runs, as importances: the model of 400 runs is that of 410.
  const key = (): string | false => {
    const { finished = 0 } = detail().counts;
    return detail().metric !== null && finished > 0 && `${isEnded()} ${Math.floor(8 * Math.log2(finished))}`;
  };
  const answer = load(key, () => sweep.source.json<Expected>(`${sweep.path}/expected`));
  const expected = () => answer.latest()?.best_expected;
  return (
    <dl class="figures">
      <div class="wide">
        <dt>Runs</dt>
        <dd>
          <b>{count(all())}</b>
          {cap() ? ` of ${count(cap()!)}` : ""}
        </dd>
        <dd>
          <StateBar counts={detail().counts} cap={cap()} />
        </dd>
        <dd class="states">
          <For each={present()}>
            {(state) => (
              <a href={link(["s", sweep.id, "runs"], { ...shared(), filter: `state = ${state}` })}>
                {count(detail().counts[state])} <State state={state} />
              </a>
            )}
          </For>
        </dd>
      </div>
      <Show
        when={detail().goals.length < 2}
        fallback={
          <div>
            <dt>Metrics</dt>
            <dd>
              <b>{detail().goals.length}</b>
            </dd>
          </div>
        }
      >
        <div class="wide">
          <dt>
            {expected() ? "Best observed" : "Best"} {detail().metric?.name}
          </dt>
          <dd>
            <Show when={detail().best} fallback={<span class="muted">no value yet</span>}>
              <b>{number(detail().best!.value, 6)}</b> in{" "}
              <a href={link(["s", sweep.id, "runs", detail().best!.run], shared())}>run {detail().best!.run}</a>
            </Show>
          </dd>
          <Varied params={detail().best_params} />
        </div>
      </Show>
      <Show when={expected()}>
        {(found) => (
          <div class="wide">
            <dt title={`Values are noisy: two runs with the same parameters differ by about ${number(Math.SQRT2 * found().noise_sd, 2)}.`}>
              Best expected {detail().metric?.name}
            </dt>
            <dd>
              <b>{number(found().value, 4)}</b> ± {number(found().sd, 2)} in{" "}
              <a href={link(["s", sweep.id, "runs", found().run], shared())}>run {found().run}</a>
            </dd>
            <Varied params={answer.latest()?.params ?? null} />
          </div>
        )}
      </Show>
      <div>
        <dt>Rate</dt>
        <dd>
          <b>{detail().rate_per_hour ? number(detail().rate_per_hour, 3) : "–"}</b> {detail().rate_per_hour ? "runs/h" : ""}
        </dd>
      </div>
      <Show
        when={isEnded()}
        fallback={
          <div>
            <dt>Time left</dt>
            <dd>
              <b>{duration(detail().eta_s)}</b>
            </dd>
          </div>
        }
      >
        <div>
          <dt>Took</dt>
          <dd>
            <b>{duration((detail().ended_ms! - detail().created_ms) / 1000)}</b>
          </dd>
        </div>
      </Show>
      <div>
        <dt>Agents</dt>
        <dd>
          <a href={link(["s", sweep.id, "agents"], shared())}>
            <b>{detail().agents.alive}</b> alive
          </a>
        </dd>
      </div>
    </dl>
  );
}

function actionsOf(sweep: Sweep, detail: Detail): Action[] {
  const running = detail.counts.running;
  const keep = running > 0 ? ` ${many(running, "running run")} will finish.` : "";
  const to = (state: SweepState) => () => post(sweep, "state", { to: state });
  const isOpen = ["pending", "running"].includes(detail.state);
  const bad = (["failed", "crashed", "killed"] as const).filter((state) => detail.counts[state] > 0);
  const actions: Action[] = [];
  if (isOpen) actions.push({ label: "Pause", key: "p", says: `No new run starts until you resume the sweep.${keep}`, act: to("paused") });
  if (detail.state === "paused") actions.push({ label: "Resume", key: "p", says: "Agents start new runs again.", act: to("running") });
  if (isOpen || detail.state === "paused") {
    actions.push({
      label: "Stop",
      says: `The sweep ends: no new run starts.${keep} More runs can be added later with besom extend.`,
      act: to("finished"),
    });
    const ends = running > 0 ? `${many(running, "running run")} will be killed` : "no run is running";
    actions.push({
      label: "Cancel",
      isGrave: true,
      says: `The sweep ends now, and ${ends}. A canceled sweep cannot be resumed.`,
      act: to("canceled"),
    });
  }
  if (bad.length > 0 && detail.state !== "canceled") {
    const n = bad.reduce((sum, state) => sum + detail.counts[state], 0);
    const says = `${many(n, "run")} (${bad.join(", ")}) will be pending again, and agents execute them from the start.`;
    actions.push({ label: "Retry failed", says, act: () => post(sweep, "retry", { states: bad }) });
  }
  return actions;
}

/** The first parameters of a run in a line. */
function Varied(props: { params: Params | null }): JSX.Element {
  return (
    <dd class="params">
      <For each={Object.entries(props.params ?? {}).slice(0, 12)}>
        {([name, v]) => (
          <span>
            <i>{name}</i> {value(v)}
          </span>
        )}
      </For>
    </dd>
  );
}
