// Why this run: what the search method noted when it suggested it, against what came.

import { For, type JSX, Show } from "solid-js";
import { useSweep } from "../model";
import type { RunDetail, Why } from "../source/types";
import { number } from "./format";

export function WhyCard(props: { run: RunDetail }): JSX.Element {
  return (
    <section class="card" aria-labelledby="why-title">
      <header>
        <h2 id="why-title">Why this run</h2>
      </header>
      <Show when={props.run.why} fallback={<p class="empty">The search method has left no note about this run.</p>}>
        {(why) => (
          <>
            <p>{why().sentence ?? `Suggested by ${why().kind}, which has left no reason.`}</p>
            <Show when={why().predicted}>
              <Prediction why={why()} />
            </Show>
            <Show when={why().length_scales?.length}>
              <Scales scales={why().length_scales!} />
            </Show>
          </>
        )}
      </Show>
    </section>
  );
}

function Prediction(props: { why: Why }): JSX.Element {
  const sweep = useSweep();
  const predicted = (): { mean: number; sd: number } => props.why.predicted!;
  const off = (): number | null => (props.why.observed === null ? null : (props.why.observed - predicted().mean) / predicted().sd);
  const verdict = (): string => {
    const away = Math.abs(off()!);
    if (away <= 2) return `within ${away.toFixed(1)} standard deviations of the prediction`;
    const isBetter = off()! < 0 === (sweep.metric().goal === "minimize");
    return `${away.toFixed(1)} standard deviations ${isBetter ? "better" : "worse"} than predicted`;
  };
  return (
    <>
      <dl class="facts">
        <dt>Predicted</dt>
        <dd>
          {number(predicted().mean)} ± {number(predicted().sd, 2)}
        </dd>
        <dt>Observed</dt>
        <dd>
          {number(props.why.observed)}
          {off() === null ? "" : `, ${verdict()}`}
        </dd>
        <Show when={props.why.expected_improvement !== null}>
          <dt>Expected improvement</dt>
          <dd>{number(props.why.expected_improvement, 3)}</dd>
        </Show>
      </dl>
      <Interval predicted={predicted()} observed={props.why.observed} />
    </>
  );
}

/** The prediction as a band of one and of two deviations, with a mark where the value came. */
function Interval(props: { predicted: { mean: number; sd: number }; observed: number | null }): JSX.Element {
  const half = (): number =>
    Math.max(3, Math.abs(((props.observed ?? props.predicted.mean) - props.predicted.mean) / (props.predicted.sd || 1)) * 1.1);
  const x = (deviations: number): number => 150 + (140 * deviations) / half();
  return (
    <svg class="interval" viewBox="0 0 300 34" role="img" aria-label="Predicted and observed value">
      <rect class="two" x={x(-2)} width={x(2) - x(-2)} y="9" height="12" rx="2" />
      <rect class="one" x={x(-1)} width={x(1) - x(-1)} y="9" height="12" rx="2" />
      <line class="mean" x1={x(0)} x2={x(0)} y1="6" y2="24" />
      <Show when={props.observed !== null}>
        <circle cx={x((props.observed! - props.predicted.mean) / (props.predicted.sd || 1))} cy="15" r="4.5" />
      </Show>
      <text x={x(0)} y="33" text-anchor="middle">
        predicted
      </text>
    </svg>
  );
}

function Scales(props: { scales: NonNullable<Why["length_scales"]> }): JSX.Element {
  const sorted = (): NonNullable<Why["length_scales"]> => [...props.scales].sort((a, b) => (a.value ?? Infinity) - (b.value ?? Infinity));
  const inverse = (value: number | null): number => (value === null ? 0 : 1 / value);
  const most = (): number => Math.max(1e-9, ...sorted().map(({ value }) => inverse(value)));
  return (
    <>
      <h3>What the model thinks matters</h3>
      <ol class="bars">
        <For each={sorted()}>
          {({ parameter, value }) => (
            <li>
              <span class="cut" title={parameter}>
                {parameter}
              </span>
              <span class="track" aria-hidden="true">
                <i style={{ width: `${(100 * inverse(value)) / most()}%` }} />
              </span>
              <span class="figure">{value === null ? "∞" : number(value, 2)}</span>
            </li>
          )}
        </For>
      </ol>
      <p class="muted">
        Length scales of the Gaussian process: the shorter, the more the value changes along the parameter. Bars are their inverse.
      </p>
    </>
  );
}
