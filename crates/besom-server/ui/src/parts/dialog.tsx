// A dialog of the browser's own, which keeps the focus inside and closes by Escape.

import { createEffect, createUniqueId, type JSX } from "solid-js";

interface Props {
  title: string;
  isOpen: boolean;
  close: () => void;
  children: JSX.Element;
}

export function Dialog(props: Props): JSX.Element {
  let place!: HTMLDialogElement;
  const id = createUniqueId();
  createEffect(() => {
    if (props.isOpen && !place.open) place.showModal();
    else if (!props.isOpen && place.open) place.close();
  });
  const clickOutside = (event: MouseEvent): void => void (event.target === place && props.close());
  return (
    <dialog ref={place} aria-labelledby={id} onClose={() => props.close()} onClick={clickOutside}>
      <div class="inside">
        <header>
          <h2 id={id}>{props.title}</h2>
          <button type="button" onClick={() => props.close()}>
            Close
          </button>
        </header>
        {props.children}
      </div>
    </dialog>
  );
}
