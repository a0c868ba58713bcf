// A choice between a few words.

import { For, type JSX } from "solid-js";

interface Props {
  label: string;
  options: string[];
  value: string;
  choose: (option: string) => void;
}

export function Segments(props: Props): JSX.Element {
  return (
    <div class="segments" role="group" aria-label={props.label}>
      <For each={props.options}>
        {(option) => (
          <button type="button" aria-pressed={option === props.value} onClick={() => props.choose(option)}>
            {option}
          </button>
        )}
      </For>
    </div>
  );
}
