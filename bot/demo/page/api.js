// Talks to the demo's server: what this person sees, what they do, and a stream that says when to look again.

import { toast } from "./dom.js";

export const store = { user: sessionStorage.getItem("user") ?? "", place: "", thread: "", state: null };

export async function load() {
  const answer = await fetch(`/demo/state?user=${encodeURIComponent(store.user)}`);
  store.state = await answer.json();
  store.user = store.state.me;
  return store.state;
}

export async function act(what, body = {}) {
  try {
    const answer = await fetch(`/demo/act/${what}`, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ user: store.user, ...body }) });
    const result = await answer.json();
    if (!result.ok) toast(failure(result.error));
    return result;
  } catch {
    toast("The demo does not answer. Is it still running in the terminal?");
    return { ok: false };
  }
}

function failure(error) {
  if (store.state?.stage?.ready === false) return "Lookout is still reading the past two weeks. Try again in a moment.";
  if (error === "operation_timeout") return "Lookout did not answer within 3 seconds.";
  return /^http_|^could not/.test(error) ? `Lookout did not take that (${error}).` : error;
}

// Calls `look` at each change; at most one look at a time, and always one after the last change.
export function watch(look) {
  let busy = false;
  let again = false;
  const run = async () => {
    again = true;
    if (busy) return;
    busy = true;
    while (again) {
      again = false;
      try {
        await look();
      } catch (error) {
        console.error(error);
      }
    }
    busy = false;
  };
  const stream = new EventSource("/demo/stream");
  stream.onmessage = run;
  return run;
}
