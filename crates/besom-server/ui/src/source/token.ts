// The token: it arrives in the fragment, which no server and no log sees, and stays in this tab.

const KEY = "besom-token";

/** Takes the token out of the address, so that it is in no history and no screenshot. */
export function takeToken(): void {
  const found = /[#&]token=([0-9A-Za-z]+)/.exec(location.hash);
  if (!found) return;
  setToken(found[1]);
  const rest = location.hash.replace(found[0], "").replace(/^#?&?/, "");
  history.replaceState(null, "", rest ? `#${rest}` : "#/");
  // The view that was read from the address had the token in it.
  window.dispatchEvent(new HashChangeEvent("hashchange"));
}

export function setToken(token: string): void {
  sessionStorage.setItem(KEY, token);
}

export function token(): string | null {
  return sessionStorage.getItem(KEY);
}
