// Loaded by --require, before Node's other steps of a worker's start, which take most of a second.
// CommonJS, because Node runs a module only after those steps.

// A terminal sends SIGHUP to the whole process group. The primary decides.
process.on("SIGHUP", () => undefined);

// Node's own messages fail if the primary was killed. Then Node ends this process in order.
const cluster = process.getBuiltinModule("node:cluster") as unknown as { readonly worker?: NodeJS.EventEmitter };
cluster.worker?.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE" && error.code !== "ERR_IPC_CHANNEL_CLOSED") throw error;
});
