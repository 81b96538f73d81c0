import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createClient } from "@redis/client";
import { onTestFinished } from "vitest";
import { removeDirectory } from "./directory.ts";
import { freePort } from "./free-port.ts";

const all = new Set<RedisServer>();
// Also where the tests end in a way that no hook sees.
process.on("exit", () => {
  for (const server of all) server.remove();
});

/** TLS and passwords for all servers of a test. Without the password of the server, of a sentinel or of a user nobody is let in. */
export interface Secured {
  /** Of {@link makeCertificates}. */
  readonly ca: string;
  readonly files: Readonly<Record<string, string>>;
  readonly password: string;
  /** A user beside `default`, who may do all. */
  readonly user?: { readonly name: string; readonly password: string };
}

/** A real Redis, with a directory of its own. */
export class RedisServer {
  readonly port: number;
  readonly directory: string;
  readonly #command: string;
  readonly #arguments: readonly string[];
  readonly #secured: Secured | undefined;
  #process: ChildProcess | undefined;

  private constructor(command: string, port: number, directory: string, args: readonly string[], secured: Secured | undefined) {
    this.#command = command;
    this.port = port;
    this.directory = directory;
    this.#arguments = args;
    this.#secured = secured;
  }

  /** @param settings - As of the command line: `{ appendonly: "yes" }`. Nothing is saved by default. */
  static async start(settings: Readonly<Record<string, string>> = {}, secured?: Secured): Promise<RedisServer> {
    const port = Number(settings["port"] ?? (await freePort()));
    const directory = mkdtempSync(join(tmpdir(), "artesian-redis-"));
    const all: Record<string, string> = {
      port: String(port),
      bind: "127.0.0.1",
      dir: directory,
      save: "",
      "repl-diskless-sync-delay": "0",
      ...settings,
      ...(secured && { ...securedBy(secured, port), masterauth: secured.password }),
    };
    const args = Object.entries(all).flatMap(([name, value]) => [
      `--${name}`,
      ...(name === "client-output-buffer-limit" || name === "user" ? value.split(" ") : [value]),
    ]);
    return RedisServer.#run("redis-server", port, directory, args, secured);
  }

  /** A sentinel of the master `main`, which takes another one after a second without the first. */
  static async startSentinel(master: RedisServer, quorum: number, secured?: Secured): Promise<RedisServer> {
    const port = await freePort();
    const directory = mkdtempSync(join(tmpdir(), "artesian-sentinel-"));
    const file = join(directory, "sentinel.conf");
    writeFileSync(
      file,
      [
        ...Object.entries(secured ? securedBy(secured, port) : { port }).map(([name, value]) => `${name} ${value}`),
        "bind 127.0.0.1",
        `dir ${directory}`,
        `sentinel monitor main 127.0.0.1 ${master.port} ${quorum}`,
        ...(master.#secured ? [`sentinel auth-pass main ${master.#secured.password}`] : []),
        "sentinel down-after-milliseconds main 1000",
        "sentinel failover-timeout main 5000",
        "",
      ].join("\n"),
    );
    return RedisServer.#run("redis-sentinel", port, directory, [file], secured);
  }

  static async #run(
    command: string,
    port: number,
    directory: string,
    args: readonly string[],
    secured: Secured | undefined,
  ): Promise<RedisServer> {
    const server = new RedisServer(command, port, directory, args, secured);
    all.add(server);
    onTestFinishedIfAny(() => server.stop());
    await server.restart();
    return server;
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  get address(): string {
    return `127.0.0.1:${this.port}`;
  }

  /** Starts it again, with what its directory has. */
  async restart(): Promise<void> {
    const child = spawn(this.#command, this.#arguments, { stdio: ["ignore", "pipe", "inherit"] });
    this.#process = child;
    let log = "";
    await new Promise<void>((resolve, reject) => {
      child.stdout.on("data", (chunk: Buffer) => {
        log = (log + chunk.toString()).slice(-10_000);
        if (/Ready to accept connections|Sentinel ID is/.test(log)) resolve();
      });
      child.once("error", reject);
      child.once("exit", (code) => reject(new Error(`${this.#command} ended with ${code}:\n${log}`)));
    });
  }

  signal(signal: NodeJS.Signals): void {
    this.#process?.kill(signal);
  }

  /** As `kill -9` does. */
  async kill(): Promise<void> {
    const child = this.#process;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, "exit");
    child.kill("SIGKILL");
    await ended;
  }

  /** Ends it and removes what it has. */
  async stop(): Promise<void> {
    await this.kill();
    await removeDirectory(this.directory);
    all.delete(this);
  }

  /** As {@link stop}, at once. */
  remove(): void {
    this.#process?.kill("SIGKILL");
    rmSync(this.directory, { recursive: true, force: true });
    all.delete(this);
  }

  /** Runs a command over a connection of its own. */
  async run(...command: string[]): Promise<unknown> {
    const at = { host: "127.0.0.1", port: this.port, reconnectStrategy: false } as const;
    const { ca, password } = this.#secured ?? {};
    const client = createClient({
      RESP: 2,
      ...(password === undefined ? { socket: at } : { password, socket: { ...at, tls: true as const, ca } }),
    });
    client.on("error", () => undefined);
    try {
      await client.connect();
      return await client.sendCommand(command);
    } finally {
      client.destroy();
    }
  }

  /** A line of what `INFO` says. */
  async info(name: string): Promise<string> {
    return new RegExp(`^${name}:(.*?)\r?$`, "m").exec(String(await this.run("INFO")))?.[1] ?? "";
  }
}

/** Three masters that share the slots. */
export async function startCluster(settings: Readonly<Record<string, string>> = {}, secured?: Secured): Promise<readonly RedisServer[]> {
  const nodes = await Promise.all(
    [0, 1, 2].map(async () =>
      RedisServer.start({ port: String(await freePort()), "cluster-enabled": "yes", "cluster-node-timeout": "2000", ...settings }, secured),
    ),
  );
  const [first] = nodes as [RedisServer, ...RedisServer[]];
  const bounds = [0, 5461, 10923, 16384];
  for (const [i, node] of nodes.entries())
    await node
      .run("CLUSTER", "ADDSLOTSRANGE", String(bounds[i]), String((bounds[i + 1] as number) - 1))
      .catch(() => addSlots(node, bounds[i] as number, (bounds[i + 1] as number) - 1));
  for (const node of nodes.slice(1)) await node.run("CLUSTER", "MEET", "127.0.0.1", String(first.port));
  for (const node of nodes) {
    while (
      !/cluster_state:ok/.test(String(await node.run("CLUSTER", "INFO"))) ||
      !/cluster_known_nodes:3/.test(String(await node.run("CLUSTER", "INFO")))
    );
  }
  return nodes;
}

/** For servers before 7. */
async function addSlots(node: RedisServer, from: number, to: number): Promise<void> {
  await node.run("CLUSTER", "ADDSLOTS", ...Array.from({ length: to - from + 1 }, (_, i) => String(from + i)));
}

/** What makes a server take TLS only, from those who have a password. */
function securedBy({ files, password, user }: Secured, port: number): Record<string, string> {
  return {
    port: "0",
    "tls-port": String(port),
    "tls-cert-file": files["cert"] ?? "",
    "tls-key-file": files["key"] ?? "",
    "tls-ca-cert-file": files["cert"] ?? "",
    "tls-auth-clients": "no",
    "tls-replication": "yes",
    "tls-cluster": "yes",
    requirepass: password,
    ...(user && { user: `${user.name} on >${user.password} ~* &* +@all` }),
  };
}

/** Certificates for 127.0.0.1, made by openssl. */
export function makeCertificates(
  directory: string,
  run: (command: string, args: readonly string[]) => void,
): { readonly ca: string; readonly files: Record<string, string> } {
  const path = (name: string): string => join(directory, name);
  run("openssl", [
    "req",
    "-x509",
    "-newkey",
    "ec",
    "-pkeyopt",
    "ec_paramgen_curve:prime256v1",
    "-nodes",
    "-keyout",
    path("key.pem"),
    "-out",
    path("cert.pem"),
    "-days",
    "2",
    "-subj",
    "/CN=artesian",
    "-addext",
    "subjectAltName=IP:127.0.0.1",
  ]);
  if (!existsSync(path("cert.pem"))) throw new Error("openssl made no certificate");
  return { ca: readFileSync(path("cert.pem"), "utf8"), files: { cert: path("cert.pem"), key: path("key.pem") } };
}

/** A server that was started by a hook ends by one. */
function onTestFinishedIfAny(end: () => Promise<void>): void {
  try {
    onTestFinished(end);
  } catch {
    // Not in a test: whoever started it stops it.
  }
}
