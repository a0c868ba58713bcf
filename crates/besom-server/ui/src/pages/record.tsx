// What is recorded of a run besides its curve: attempts, logged keys, facts.

import { For, type JSX, Show } from "solid-js";
import { failureWords } from "../parts/failure";
import { duration, number, value } from "../parts/format";
import { Scroll } from "../parts/scroll";
import { State } from "../parts/state";
import { now } from "../scope";
import type { Params, Run, RunDetail } from "../source/types";

export function Attempts(props: { run: RunDetail }): JSX.Element {
  return (
    <section class="card" aria-labelledby="attempts-title">
      <header>
        <h2 id="attempts-title">Attempts</h2>
      </header>
      <Show when={props.run.attempts.length > 0} fallback={<p class="empty">No agent has taken this run yet.</p>}>
        <Scroll label="Attempts">
          <table>
            <thead>
              <tr>
                <th class="numeric">#</th>
                <th>State</th>
                <th>Agent</th>
                <th class="numeric">Took</th>
                <th class="numeric">Rows</th>
                <th>Message</th>
              </tr>
            </thead>
            <tbody>
              <For each={props.run.attempts}>
                {(attempt) => (
                  <tr>
                    <td class="numeric">{attempt.attempt}</td>
                    <td>
                      <State state={attempt.state} />
                    </td>
                    <td>{attempt.agent ?? "–"}</td>
                    <td class="numeric">{duration(((attempt.ended_ms ?? now()) - attempt.started_ms) / 1000)}</td>
                    <td class="numeric">{attempt.rows}</td>
                    <td>
                      {attempt.message ?? failureWords(attempt.failure) ?? ""}
                      {attempt.exit_code ? ` (exit code ${attempt.exit_code})` : ""}
                    </td>
                  </tr>
                )}
              </For>
            </tbody>
          </table>
        </Scroll>
      </Show>
    </section>
  );
}

export function Logged(props: { run: RunDetail }): JSX.Element {
  const entries = (): [string, Run["logged"][string]][] => Object.entries(props.run.logged);
  return (
    <Show when={entries().length > 0}>
      <section class="card" aria-labelledby="logged-title">
        <header>
          <h2 id="logged-title">Logged</h2>
        </header>
        <Scroll label="Logged values">
          <table>
            <thead>
              <tr>
                <th>Key</th>
                <th class="numeric">Last</th>
                <th class="numeric">Min</th>
                <th class="numeric">Max</th>
                <th class="numeric">Count</th>
              </tr>
            </thead>
            <tbody>
              <For each={entries()}>
                {([key, all]) => (
                  <tr>
                    <td>{key}</td>
                    <td class="numeric">{value(all.last)}</td>
                    <td class="numeric">{number(all.min, 6)}</td>
                    <td class="numeric">{number(all.max, 6)}</td>
                    <td class="numeric">{all.count}</td>
                  </tr>
                )}
              </For>
            </tbody>
          </table>
        </Scroll>
      </section>
    </Show>
  );
}

export function Facts(props: { run: RunDetail }): JSX.Element {
  const entries = (): [string, Params[string]][] =>
    Object.entries(props.run.facts).filter(([key, v]) => key !== "notes" && v !== null && value(v) !== "");
  return (
    <Show when={entries().length > 0}>
      <section class="card" aria-labelledby="facts-title">
        <header>
          <h2 id="facts-title">Facts</h2>
        </header>
        <dl class="facts">
          <For each={entries()}>
            {([key, v]) => (
              <>
                <dt>{key}</dt>
                <dd>{value(v)}</dd>
              </>
            )}
          </For>
        </dl>
      </section>
    </Show>
  );
}
