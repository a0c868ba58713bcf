// Asks for a token where the link had none.

import { createSignal, type JSX, Show } from "solid-js";
import { Command } from "../parts/command";
import { setToken, token } from "../source/token";

export function TokenPage(props: { enter: () => void; message: string }): JSX.Element {
  const [text, setText] = createSignal("");
  const [isTried, setTried] = createSignal(token() !== null);
  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    setToken(text().trim());
    setTried(true);
    props.enter();
  };
  return (
    <main>
      <form class="card token" onSubmit={submit}>
        <h1>This page needs a token</h1>
        <p>
          Open the link that besom serve printed when it started; its end, #token=…, has the token. Or enter the token here. It stays in
          this tab.
        </p>
        <p>
          A new one for reading only: <Command text="besom token --read" />
        </p>
        <Show when={isTried()}>
          <p class="problem" role="alert">
            {props.message}
          </p>
        </Show>
        <p>
          <label>
            Token{" "}
            <input
              type="password"
              autocomplete="off"
              spellcheck={false}
              value={text()}
              onInput={(event) => setText(event.currentTarget.value)}
            />
          </label>{" "}
          <button type="submit" class="main" disabled={!text().trim()}>
            Enter
          </button>
        </p>
      </form>
    </main>
  );
}
