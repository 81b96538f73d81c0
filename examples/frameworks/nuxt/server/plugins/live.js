// At SIGTERM and SIGINT Nuxt waits for open streams, and the hub ends them.
export default defineNitroPlugin(() => {
  hub.closeOnSignals();
});
