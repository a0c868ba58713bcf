// The sweep file as it was read.

import { For, type JSX } from "solid-js";
import { useSweep } from "../model";
import { Copy } from "../parts/copy";

export function FilePage(): JSX.Element {
  const sweep = useSweep();
  const lines = (): string[] => (sweep.detail()?.text ?? "").replace(/\n$/, "").split("\n");
  return (
    <section class="card" aria-labelledby="file-title">
      <header>
        <h2 id="file-title">{sweep.detail()?.file ?? "Sweep file"}</h2>
        <p class="legend">seed {sweep.detail()?.seed}</p>
        <Copy text={sweep.detail()?.text ?? ""} />
      </header>
      <pre class="file" tabindex="0" aria-label="Text of the sweep file">
        <For each={lines()}>
          {(line) => (
            <code>
              <Line text={line} />
            </code>
          )}
        </For>
      </pre>
    </section>
  );
}

/** Keys stand out, comments step back. */
function Line(props: { text: string }): JSX.Element {
  const parts = (): { key: string; rest: string; comment: string } => {
    const [, rest, comment] = /^(.*?)(\s#.*|^#.*)?$/.exec(props.text) ?? ["", props.text, ""];
    const [, key, after] = /^(\s*(?:- )?[\w.-]+:)(.*)$/.exec(rest) ?? ["", "", rest];
    return { key, rest: after, comment: comment ?? "" };
  };
  return (
    <>
      <b>{parts().key}</b>
      {parts().rest}
      <i>{parts().comment}</i>
      {"\n"}
    </>
  );
}
