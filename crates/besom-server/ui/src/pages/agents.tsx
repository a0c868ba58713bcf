// Who works on the sweep: last sign, present run, failures in a row, and how much of the time nothing ran.

import { For, type JSX, Show } from "solid-js";
import { TimelinePicture } from "../draw/timeline";
import { post, type Sweep, useSweep } from "../model";
import { type Action, Actions, type Opener } from "../parts/actions";
import { Command } from "../parts/command";
import { count, duration } from "../parts/format";
import { load, Loaded } from "../parts/loaded";
import { Scroll } from "../parts/scroll";
import { link, shared } from "../routes";
import { now, useScope } from "../scope";
import type { Agent, Agents, Timeline } from "../source/types";

const EVERY_MS = 5000;

export function AgentsPage(): JSX.Element {
  const sweep = useSweep();
  // Signs of life are no change of the sweep, so they are asked for.
  const tick = (): number | true => !sweep.source.live || Math.floor(now() / EVERY_MS);
  const agents = load(tick, () => sweep.source.json<Agents>(`${sweep.path}/agents`));
  const timeline = load(tick, () => sweep.source.json<Timeline>(`${sweep.path}/timeline`));
  return (
    <>
      <section class="card" aria-labelledby="agents-title">
        <header>
          <h2 id="agents-title">Agents</h2>
        </header>
        <Loaded of={agents}>
          {(answer) => (
            <Show when={answer().agents.length > 0} fallback={<NoAgent id={sweep.id} />}>
              <AgentTable all={answer().agents} idle={timeline.latest()} reload={agents.retry} />
            </Show>
          )}
        </Loaded>
      </section>
      <section class="card" aria-labelledby="timeline-title">
        <header>
          <h2 id="timeline-title">Timeline</h2>
        </header>
        <Loaded of={timeline}>
          {(answer) => (
            <Show when={answer().agents.length > 0} fallback={<p class="empty">No run has started yet.</p>}>
              <TimelinePicture timeline={answer()} />
            </Show>
          )}
        </Loaded>
      </section>
      <Show when={sweep.source.live}>
        <p class="muted">
          Add an agent: <Command text={`besom agent ${sweep.id}`} /> (on another machine, with the BESOM_STORE and BESOM_TOKEN that besom
          serve printed).
        </p>
      </Show>
    </>
  );
}

function NoAgent(props: { id: string }): JSX.Element {
  return (
    <div class="empty">
      <p>No agent has worked on this sweep yet. Start one:</p>
      <p>
        <Command text={`besom agent ${props.id}`} />
      </p>
    </div>
  );
}

function AgentTable(props: { all: Agent[]; idle: Timeline | undefined; reload: () => void }): JSX.Element {
  const sweep = useSweep();
  const { mayAct } = useScope();
  let opener!: Opener;
  const idle = (name: string): string => {
    const share = props.idle?.agents.find((agent) => agent.name === name)?.idle_share;
    return share === null || share === undefined ? "–" : `${Math.round(100 * share)} %`;
  };
  return (
    <Scroll label="Agents">
      <table>
        <thead>
          <tr>
            <th>Agent</th>
            <th>Host</th>
            <th>State</th>
            <th>Run</th>
            <th class="numeric">Last sign</th>
            <th class="numeric">Runs done</th>
            <th class="numeric">Failures in a row</th>
            <th class="numeric">Idle</th>
            <Show when={mayAct()}>
              <th aria-label="Actions" />
            </Show>
          </tr>
        </thead>
        <tbody>
          <For each={props.all}>
            {(agent) => (
              <tr>
                <td>{agent.name}</td>
                <td>{agent.host ?? "–"}</td>
                <td>
                  <Standing agent={agent} />
                </td>
                <td>
                  <Show when={agent.run} fallback="–">
                    <a href={link(["s", sweep.id, "runs", agent.run!], shared())}>run {agent.run}</a>
                  </Show>
                </td>
                <td class="numeric">{duration(agent.seen_ms_ago / 1000)} ago</td>
                <td class="numeric">{count(agent.runs_done)}</td>
                <td class="numeric" classList={{ bad: agent.failures_in_a_row > 2 }}>
                  {agent.failures_in_a_row}
                </td>
                <td class="numeric">{idle(agent.name)}</td>
                <Show when={mayAct()}>
                  <td>
                    <Show when={!agent.left && !agent.draining}>
                      <button type="button" aria-label={`Drain ${agent.name}`} onClick={() => opener.open(drain(sweep, agent, props.reload))}>
                        Drain
                      </button>
                    </Show>
                  </td>
                </Show>
              </tr>
            )}
          </For>
        </tbody>
      </table>
      <Actions actions={[]} opener={(o) => (opener = o)} />
    </Scroll>
  );
}

function drain(sweep: Sweep, { name, run }: Agent, reload: () => void): Action {
  const first = run ? `${name} finishes run ${run}, starts no other, and exits.` : `${name} starts no run any more, and exits.`;
  return {
    label: "Drain",
    says: `${first} Other agents go on. To bring it back, start it anew.`,
    act: () => post(sweep, "drain", { agents: [name] }).then(reload),
  };
}

function Standing(props: { agent: Agent }): JSX.Element {
  const standing = (): [string, string, string] => {
    if (props.agent.left) return ["pending", "○", "left"];
    if (!props.agent.alive) return ["crashed", "↯", "silent"];
    if (props.agent.draining) return ["paused", "◂", "draining"];
    return props.agent.run ? ["running", "►", "running"] : ["idle", "◌", "idle"];
  };
  return (
    <span class={`state ${standing()[0]}`}>
      <i aria-hidden="true">{standing()[1]}</i>
      {standing()[2]}
    </span>
  );
}
