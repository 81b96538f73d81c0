import { hub } from "./lib/server/live.js";

// At SIGTERM and SIGINT SvelteKit waits for open streams, and the hub ends them.
export function init() {
  hub.closeOnSignals();
}
