// `next start` waits for open streams at SIGTERM and SIGINT, and the hub ends them.
export async function register() {
  if (process.env.NEXT_RUNTIME !== "nodejs") return;
  const { hub } = await import("./lib/live.mjs");
  hub.closeOnSignals();
}
