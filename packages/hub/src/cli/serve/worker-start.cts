// Loaded by --require, before Node's other steps of a worker's start, which take most of a second.
// It is CommonJS because Node runs a module of the program only after them.

// A terminal sends SIGHUP to the whole process group. The primary decides.
process.on("SIGHUP", () => undefined);

// Node's own messages fail if the primary was killed. Then Node ends this process in order.
process.getBuiltinModule("node:cluster").worker?.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE" && error.code !== "ERR_IPC_CHANNEL_CLOSED") throw error;
});
