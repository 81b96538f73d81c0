import { once } from "node:events";
import { type RunningServer, startServer } from "../cli/command.ts";
import { temporaryDirectory } from "./directory.ts";
import { freePort } from "./free-port.ts";
import { RedisServer } from "./redis-server.ts";

/** The kinds of hubs that foreign clients meet. */
export const SETUPS = ["one process", "two workers", "three hubs on Redis"] as const;

export type SetupKind = (typeof SETUPS)[number];

/** Running hubs that are one hub to their clients. */
export interface Setup {
  /** The URL of each hub. Updates that one accepts reach the subscribers of all. */
  readonly urls: readonly string[];
  /** Kills all hubs, and starts them again at the same ports with the same journal. */
  readonly restart: () => Promise<void>;
}

/** The n-th of some hubs or applications, over and over. */
export function turn<T>(all: readonly T[], index: number): T {
  return all[index % all.length] as T;
}

/** The `command` of a compose file's service `hub`, as the arguments of `artesian serve`. */
export function serveArguments(compose: string): readonly string[] {
  const command = /^ +command: .*artesian serve ([^"\n]+)"?$/m.exec(compose)?.[1];
  if (command === undefined) throw new Error(`No service runs the hub:\n${compose}`);
  return command.split(" ");
}

/**
 * Starts hubs that end with the test.
 *
 * @param args - Flags of `artesian serve` besides the port, the directory and the journal.
 */
export async function startSetup(kind: SetupKind, args: readonly string[], env: Readonly<Record<string, string>>): Promise<Setup> {
  const redis = kind === "three hubs on Redis" ? await RedisServer.start() : undefined;
  const ports = await Promise.all(Array.from({ length: redis === undefined ? 1 : 3 }, freePort));
  const directories = ports.map(() => temporaryDirectory("setup"));
  const more = redis === undefined ? ["--workers", kind === "two workers" ? "2" : "1"] : ["--journal", redis.url];
  const start = (): Promise<RunningServer[]> =>
    Promise.all(
      ports.map((port, i) =>
        // The last flag of a name counts.
        startServer(
          [...args, ...more, "--retry-min", "100ms", "--retry-max", "500ms", "--port", `${port}`, "--data", `${directories[i]}`],
          {
            tokens: true,
            env,
          },
        ),
      ),
    );
  let servers = await start();
  return {
    urls: servers.map(({ url }) => `${url}/.well-known/mercure`),
    restart: async () => {
      await Promise.all(
        servers.map(async ({ run: { child } }) => {
          const ended = once(child, "close");
          child.kill("SIGKILL");
          await ended;
        }),
      );
      servers = await start();
    },
  };
}
