import { type ChildProcess, spawn } from "node:child_process";
import type { Socket } from "node:net";
import type { Logger } from "../../index.ts";

/**
 * Sends each line as one message, with tabs between the fields. The program starts while this
 * process is small, because each start of a program copies the page tables of its parent. It
 * ignores the signals of a stop, since the server still reports while it drains. It ends with this
 * process, at the end of its input.
 */
const RELAY = String.raw`trap '' HUP INT TERM
command -v systemd-notify >/dev/null || exit 127
set -f
IFS=$(printf '\t')
while read -r message; do systemd-notify $message; done`;
/** The exit code of `RELAY` if there is no `systemd-notify`. */
const NOT_FOUND = 127;

/** The service manager that started this server, such as systemd. */
export interface ServiceManager {
  /** Reports that the port answers. From now on the manager also hears that this process is alive. */
  ready(listenUrl: string): void;
  /** Reports that settings are read again. {@link reloaded} must follow. */
  reloading(): void;
  /** Reports the end of a reload. */
  reloaded(isTakenOver: boolean): void;
  /** Reports that this server leaves. */
  stopping(): void;
}

/** For a process that no service manager listens to. */
export const NO_MANAGER: ServiceManager = {
  ready: () => undefined,
  reloading: () => undefined,
  reloaded: () => undefined,
  stopping: () => undefined,
};

/**
 * Finds the service manager that started this server, by `NOTIFY_SOCKET` and `WATCHDOG_USEC`. Node
 * has no datagram sockets of Unix, so systemd's own command sends the messages. See
 * docs/decisions/service-manager.md.
 *
 * @see https://www.freedesktop.org/software/systemd/man/latest/sd_notify.html
 */
export function findServiceManager(logger: Logger, env: Readonly<NodeJS.ProcessEnv> = process.env): ServiceManager {
  if (!env["NOTIFY_SOCKET"]) return NO_MANAGER;
  const watchdogMs = watchdogMsOf(env);
  let relay: ChildProcess | undefined = startRelay();
  let isMissing = false;
  let isLeaving = false;

  function startRelay(): ChildProcess {
    const child = spawn("/bin/sh", ["-c", RELAY], { stdio: ["pipe", "ignore", "pipe"] });
    const lost = (why: unknown): void => {
      if (relay === child) relay = undefined;
      isMissing ||= why === NOT_FOUND || why instanceof Error;
      if (isMissing) logger.warn({ why }, "the service manager hears nothing from this server, because systemd-notify can't be run");
    };
    child.once("error", lost);
    child.once("exit", lost);
    // The pipe of an ended relay, which is reported above.
    child.stdin.on("error", () => undefined);
    child.stderr.setEncoding("utf8").on("data", (text: string) => logger.warn({ why: text.trim() }, "systemd-notify failed"));
    // A server that has finished ends although the relay waits for it.
    child.unref();
    for (const stream of [child.stdin, child.stderr]) (stream as unknown as Socket).unref();
    return child;
  }

  const send = (...fields: readonly string[]): void => {
    if (isMissing) return;
    relay ??= startRelay();
    relay.stdin?.write(`${fields.join("\t")}\n`);
  };

  return {
    ready(listenUrl) {
      if (isLeaving) return;
      send("READY=1", `STATUS=listening on ${listenUrl}`);
      // Twice in the time that the manager allows, as systemd advises.
      if (watchdogMs !== undefined) setInterval(() => send("WATCHDOG=1"), watchdogMs / 2).unref();
    },
    reloading: () => send("RELOADING=1", `MONOTONIC_USEC=${process.hrtime.bigint() / 1000n}`, "STATUS=reading settings and keys again"),
    reloaded(isTakenOver) {
      if (isLeaving) return;
      send(
        "READY=1",
        isTakenOver ? "STATUS=settings and keys were read again" : "STATUS=the last reload changed nothing, and the log says why",
      );
    },
    stopping() {
      isLeaving = true;
      send("STOPPING=1", "STATUS=draining");
    },
  };
}

/** How long the manager waits for a sign of life, in milliseconds. Undefined if it does not wait, or for another process. */
function watchdogMsOf(env: Readonly<NodeJS.ProcessEnv>): number | undefined {
  const { WATCHDOG_PID: pid, WATCHDOG_USEC: usec } = env;
  const ms = Number(usec) / 1000;
  return ms > 0 && (pid === undefined || pid === String(process.pid)) ? ms : undefined;
}
