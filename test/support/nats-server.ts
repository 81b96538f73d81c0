import { type ChildProcess, spawn } from "node:child_process";
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createConnection, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { once } from "node:events";
import { type ClusterInfo, type JetStreamManager, jetstreamManager } from "@nats-io/jetstream";
import { connect } from "@nats-io/transport-node";
import { removeDirectory } from "./directory.ts";
import { freePort } from "./free-port.ts";

/** How to start a server. */
export interface NatsOptions {
  /** Further lines of its configuration. */
  readonly config?: string;
  /** Default: true. */
  readonly jetstream?: boolean;
  /** Most that it stores, as its configuration has it. Default: 8G. */
  readonly maxFile?: string;
}

/** A real server, with a directory of its own. */
export class NatsServer {
  readonly port: number;
  readonly directory: string;
  #process: ChildProcess | undefined;

  private constructor(port: number, directory: string) {
    this.port = port;
    this.directory = directory;
  }

  static async start({ config = "", jetstream = true, maxFile = "8G" }: NatsOptions = {}, port?: number): Promise<NatsServer> {
    const directory = mkdtempSync(join(tmpdir(), "artesian-nats-"));
    const server = new NatsServer(port ?? (await freePort()), directory);
    const store = jetstream ? `jetstream { store_dir: "${directory}/data", max_mem: 64M, max_file: ${maxFile} }` : "";
    writeFileSync(join(directory, "nats.conf"), `listen: "127.0.0.1:${server.port}"\n${store}\n${config}\n`);
    await server.start();
    return server;
  }

  get url(): string {
    return `nats://127.0.0.1:${this.port}`;
  }

  /** Starts it again, with the data that are there. */
  async start(): Promise<void> {
    const child = spawn("nats-server", ["-c", join(this.directory, "nats.conf")], { stdio: ["ignore", "ignore", "pipe"] });
    // Whatever ends the tests ends the server.
    running.add(child);
    child.once("exit", () => running.delete(child));
    this.#process = child;
    let said = "";
    await new Promise<void>((resolve, reject) => {
      child.once("error", reject);
      child.once("exit", (code) => reject(new Error(`nats-server ended with ${code}: ${said}`)));
      child.stderr?.on("data", (text: Buffer) => {
        said = (said + text.toString()).slice(-4000);
        if (said.includes("Server is ready")) resolve();
      });
    });
  }

  /** Changes its configuration, from the next start on. */
  configure(change: (text: string) => string): void {
    const path = join(this.directory, "nats.conf");
    writeFileSync(path, change(readFileSync(path, "utf8")));
  }

  async kill(signal: "SIGKILL" | "SIGTERM" = "SIGKILL"): Promise<void> {
    const child = this.#process;
    this.#process = undefined;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, "exit");
    child.kill(signal);
    await ended;
  }

  /** Holds it still, as a machine that hangs. */
  pause(): void {
    const pid = this.#process?.pid;
    if (pid === undefined) return;
    process.kill(pid, "SIGSTOP");
    // Its threads stop one by one, and until then one of them may answer.
    const tasks = `/proc/${pid}/task`;
    while (readdirSync(tasks).some((task) => !/\) T /.test(readFileSync(`${tasks}/${task}/stat`, "utf8"))));
  }

  resume(): void {
    this.#process?.kill("SIGCONT");
  }

  /** How many messages the stream of a journal has. */
  messages(name: string): Promise<number> {
    return this.#manage(async (manager) => (await manager.streams.info(`${name}-log`)).state.messages);
  }

  /** What a journal's stream takes in. */
  subjects(name: string): Promise<readonly string[]> {
    return this.#manage(async (manager) => (await manager.streams.info(`${name}-log`)).config.subjects);
  }

  /** Writes to a stream, as anybody may who is let in. */
  async publish(subject: string, text: string): Promise<void> {
    await this.#manage((manager) => manager.jetstream().publish(subject, text));
  }

  async addStream(name: string, subject: string): Promise<void> {
    await this.#manage((manager) => manager.streams.add({ name, subjects: [subject] }));
  }

  /** Deletes a journal's stream, as somebody would who does not know what it is for. */
  async deleteStream(name: string): Promise<void> {
    await this.#manage((manager) => manager.streams.delete(`${name}-log`));
  }

  /** Deletes what is in a journal's stream. @param before - Deletes only what is before this sequence. */
  async purgeStream(name: string, before?: number): Promise<void> {
    await this.#manage((manager) => manager.streams.purge(`${name}-log`, before === undefined ? undefined : { seq: before }));
  }

  async #manage<T>(run: (manager: JetStreamManager) => Promise<T>): Promise<T> {
    const connection = await connect({ servers: `127.0.0.1:${this.port}` });
    try {
      return await run(await jetstreamManager(connection));
    } finally {
      await connection.close();
    }
  }

  /** Deletes what is stored. The server must not run. */
  wipe(): void {
    rmSync(join(this.directory, "data"), { recursive: true, force: true });
  }

  /** Keeps a copy of what is stored. The server must not run. */
  save(): void {
    cpSync(join(this.directory, "data"), join(this.directory, "saved"), { recursive: true });
  }

  /** Puts the copy in the place of what is stored. The server must not run. */
  restore(): void {
    this.wipe();
    cpSync(join(this.directory, "saved"), join(this.directory, "data"), { recursive: true });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
    await removeDirectory(this.directory);
  }
}

/** Three servers that hold a stream together. */
export class NatsCluster {
  readonly servers: readonly NatsServer[];

  private constructor(servers: readonly NatsServer[]) {
    this.servers = servers;
  }

  static async start(): Promise<NatsCluster> {
    const [ports, routes] = [await freePorts(3), await freePorts(3)];
    const urls = routes.map((route) => `"nats://127.0.0.1:${route}"`).join(", ");
    const servers = await Promise.all(
      ports.map((port, i) =>
        NatsServer.start({ config: `server_name: n${i}\ncluster { name: c, listen: "127.0.0.1:${routes[i]}", routes: [${urls}] }` }, port),
      ),
    );
    return new NatsCluster(servers);
  }

  get url(): string {
    return `nats://${this.servers.map(({ port }) => `127.0.0.1:${port}`).join(",")}`;
  }

  /** The server that leads the stream of a journal. */
  async leader(name: string): Promise<NatsServer> {
    const { leader = "" } = await this.#cluster(name);
    return this.servers[Number(leader.slice(1))] as NatsServer;
  }

  /** Waits until every server has all of the stream. */
  async settled(name: string): Promise<void> {
    for (let isSettled = false; !isSettled;) {
      // Before there is a leader nobody answers.
      const { leader, replicas = [] } = await this.#cluster(name).catch((): ClusterInfo => ({}));
      isSettled = leader !== undefined && replicas.length === 2 && replicas.every(({ current, offline }) => current && !offline);
      if (!isSettled) await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }

  async #cluster(name: string): Promise<ClusterInfo> {
    const connection = await connect({ servers: this.servers.map(({ port }) => `127.0.0.1:${port}`) });
    try {
      return (await (await jetstreamManager(connection)).streams.info(`${name}-log`)).cluster ?? {};
    } finally {
      await connection.close();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const server of this.servers) await server[Symbol.asyncDispose]();
  }
}

const running = new Set<ChildProcess>();
process.once("exit", () => {
  for (const child of running) child.kill("SIGKILL");
});

async function freePorts(count: number): Promise<number[]> {
  const ports = new Set<number>();
  while (ports.size < count) ports.add(await freePort());
  return [...ports];
}

/** Stands between a client and a server, and can swallow what they say without either noticing. */
export class Blackhole {
  readonly port: number;
  readonly close: () => void;
  isOpen = true;

  private constructor(port: number, close: () => void) {
    this.port = port;
    this.close = close;
  }

  static async before(serverPort: number): Promise<Blackhole> {
    const sockets = new Set<{ destroy(): void }>();
    let hole: Blackhole | undefined;
    const server = createServer((client) => {
      const upstream = createConnection(serverPort, "127.0.0.1");
      for (const [from, to] of [
        [client, upstream],
        [upstream, client],
      ] as const) {
        sockets.add(from);
        from.on("data", (bytes) => {
          if (hole?.isOpen === true) to.write(bytes);
        });
        from.on("error", () => undefined);
        from.on("close", () => {
          sockets.delete(from);
          if (hole?.isOpen === true) to.destroy();
        });
      }
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    hole = new Blackhole((server.address() as { readonly port: number }).port, () => {
      server.close();
      for (const socket of sockets) socket.destroy();
    });
    return hole;
  }
}
