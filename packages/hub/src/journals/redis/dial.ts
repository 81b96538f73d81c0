import { HubError } from "../../core/errors.ts";
import { sleep } from "../../core/scheduler.ts";
import { Connection, LostError, ReplyError, type Access, type RedisTls } from "./connection.ts";
import { type Address, formatAddress, type RedisTarget } from "./url.ts";

/** The oldest version with all features that the scripts use: `XTRIM MINID`, exclusive ranges. */
const OLDEST = [6, 2] as const;
/** Errors of a server that is only starting. */
const STARTING: ReadonlySet<string> = new Set(["LOADING", "MASTERDOWN", "CLUSTERDOWN"]);
/**
 * System error codes for an absent server or an unknown name. In a fleet that starts, both servers
 * and names may come.
 */
const UNREACHABLE: ReadonlySet<string> = new Set([
  "ECONNREFUSED",
  "ECONNRESET",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "ENOTFOUND",
  "EAI_AGAIN",
  "ETIMEDOUT",
]);
/** Retry time of these errors, in milliseconds. */
const RETRY_MS = 1000;
/** The subject of an error. */
type Who = "Redis" | "The sentinel";
/** Longest wait for the other sentinels, once one has answered, in milliseconds. */
const SENTINEL_MS = 500;

/**
 * Connects to the server that accepts writes now.
 *
 * The library's own clients of Sentinel and Cluster are not used. The Sentinel client retries a
 * command whose connection broke, which could append twice. All keys of a journal have one slot, so
 * that there is one such server at a time.
 */
export class Dialler {
  readonly #target: RedisTarget;
  readonly #access: Access;
  readonly #slotKey: string;
  /** Nodes of the cluster, according to one of them. */
  #nodes: readonly Address[] = [];

  /** @param slotKey - Any key of the journal. */
  constructor(target: RedisTarget, slotKey: string, clientName: string, tls: RedisTls | undefined) {
    this.#target = target;
    this.#slotKey = slotKey;
    const { username, password, database, isTls } = target;
    this.#access = { username, password, database, clientName, tls: isTls ? (tls ?? {}) : undefined };
  }

  /** @throws Error that says what is wrong, without secrets. */
  async dial(): Promise<Connection> {
    const address = await this.#find();
    const connection = await this.#connect(address, this.#access);
    try {
      this.#check(await infoOf(connection), formatAddress(address));
      return connection;
    } catch (error) {
      connection.fail(error as Error);
      throw error instanceof ReplyError || error instanceof LostError ? this.#explain(address, error) : error;
    }
  }

  async #connect(address: Address, access: Access, who?: Who): Promise<Connection> {
    try {
      return await Connection.open(address, access);
    } catch (error) {
      throw this.#explain(address, error, who);
    }
  }

  #explain(address: Address, error: unknown, who: Who = "Redis"): Error {
    const where = `${who} at ${formatAddress(address)}`;
    const { message, code } = error as Error & { readonly code?: string };
    if (/^(WRONGPASS|NOAUTH|NOPERM|ERR.*AUTH)/.test(message)) {
      const which = who === "Redis" ? "the user or the password" : "sentinelUsername or sentinelPassword";
      return new Error(`${where} refuses ${which} of the journal's URL, or that user may not do what the journal needs: ${message}`, {
        cause: error,
      });
    }
    if (error instanceof ReplyError && STARTING.has(error.code)) return away(`${where}: ${message}`, error);
    if (error instanceof ReplyError || message.startsWith("The journal on Redis"))
      return new Error(`${where}: ${message}`, { cause: error });
    const text = `${where} cannot be reached: ${message === "" ? code : message}`;
    return error instanceof LostError || UNREACHABLE.has(code ?? "") ? away(text, error) : new Error(text, { cause: error });
  }

  async #find(): Promise<Address> {
    const { kind, hosts } = this.#target;
    if (kind === "sentinel") return this.#askSentinels();
    return kind === "cluster" ? this.#askNodes() : (hosts[0] as Address);
  }

  /**
   * A sentinel that was cut off from the others may name an earlier master, so the majority counts.
   */
  async #askSentinels(): Promise<Address> {
    const { hosts, master, sentinelUsername: username, sentinelPassword: password } = this.#target;
    const asked = hosts.map((host) => this.#askSentinel(host, { username, password, tls: this.#access.tls }));
    // After the first answer, the others have little time left.
    const late = Promise.any(asked).then(
      () => sleep(SENTINEL_MS),
      () => undefined,
    );
    const answers = await Promise.all(asked.map((one) => Promise.race([one.catch((error: unknown) => error as Error), late])));
    const votes = new Map<string, { readonly address: Address; count: number }>();
    let failure: Error | undefined;
    for (const answer of answers) {
      if (answer instanceof Error) failure ??= answer;
      else if (answer !== undefined) {
        const vote = votes.get(formatAddress(answer)) ?? { address: answer, count: 0 };
        vote.count++;
        votes.set(formatAddress(answer), vote);
      }
    }
    const [elected] = [...votes.values()].toSorted((a, b) => b.count - a.count);
    if (elected !== undefined) return elected.address;
    throw failure ?? new Error(`No sentinel knows the master ${master}.`);
  }

  async #askSentinel(host: Address, access: Access): Promise<Address> {
    const connection = await this.#connect(host, access, "The sentinel");
    try {
      const answer = await connection.send(["SENTINEL", "GET-MASTER-ADDR-BY-NAME", this.#target.master]);
      if (!Array.isArray(answer)) throw new Error(`The sentinel at ${formatAddress(host)} knows no master ${this.#target.master}.`);
      return { host: String(answer[0]), port: Number(answer[1]) };
    } catch (error) {
      // A client without a password may connect, and is refused here.
      throw error instanceof ReplyError || error instanceof LostError ? this.#explain(host, error, "The sentinel") : error;
    } finally {
      connection.fail(new Error("Done."));
    }
  }

  /** Any node may be away, or behind, so a random node is asked first. */
  async #askNodes(): Promise<Address> {
    const known = [...this.#target.hosts, ...this.#nodes];
    let failure: unknown;
    for (const { node } of known.map((node) => ({ node, rank: Math.random() })).toSorted((a, b) => a.rank - b.rank)) {
      try {
        return await this.#askNode(node);
      } catch (error) {
        failure = error;
      }
    }
    throw failure;
  }

  async #askNode(node: Address): Promise<Address> {
    const { username, password, tls } = this.#access;
    const connection = await this.#connect(node, { username, password, tls });
    try {
      const slot = Number(await connection.send(["CLUSTER", "KEYSLOT", this.#slotKey]));
      const ranges = (await connection.send(["CLUSTER", "SLOTS"])) as readonly (readonly [
        number,
        number,
        ...(readonly [string, number])[],
      ])[];
      // A node that does not know its own address leaves the address to the client.
      const addressOf = ([host, port]: readonly [string, number]): Address => ({
        host: host === "" || host === null ? node.host : host,
        port,
      });
      this.#nodes = ranges
        .map(([, , master]) => master)
        .filter((master) => master !== undefined)
        .map(addressOf);
      const owner = ranges.find(([from, to]) => slot >= from && slot <= to)?.[2];
      if (owner === undefined) throw new Error(`The cluster of ${formatAddress(node)} has no node for the slot of the journal, ${slot}.`);
      return addressOf(owner);
    } catch (error) {
      throw error instanceof ReplyError ? this.#explain(node, error) : error;
    } finally {
      connection.fail(new Error("Done."));
    }
  }

  /** @throws Error if a server with these properties is of no use. */
  #check(info: ReadonlyMap<string, string>, where: string): void {
    const version = info.get("redis_version") ?? "";
    const [major = 0, minor = 0] = version.split(".").map(Number);
    if (!(major > OLDEST[0] || (major === OLDEST[0] && minor >= OLDEST[1]))) {
      throw new Error(
        `Redis at ${where} is version ${version === "" ? "unknown" : version}; the journal needs ${OLDEST.join(".")} or newer, or Valkey.`,
      );
    }
    if (info.get("role") !== "master") {
      const hint = this.#target.kind === "single" ? " Give the address of its master, or redis+sentinel://." : "";
      throw new Error(`Redis at ${where} is a replica, which takes no updates.${hint}`);
    }
    if (this.#target.kind === "single" && info.get("cluster_enabled") === "1") {
      throw new Error(`Redis at ${where} is a node of a cluster. Write the journal's URL as redis+cluster://…`);
    }
    const policy = info.get("maxmemory_policy") ?? "";
    if (policy.startsWith("allkeys") && info.get("maxmemory") !== "0") {
      throw new Error(
        `Redis at ${where} drops any key when its memory is full (maxmemory-policy ${policy}), the journal's too. Set it to noeviction.`,
      );
    }
  }
}

/** Redis is away, and may come back. */
function away(message: string, cause: unknown): HubError {
  return new HubError("journal_unavailable", message, { cause, retryAfterMs: RETRY_MS });
}

async function infoOf(connection: Connection): Promise<ReadonlyMap<string, string>> {
  const text = String(await connection.send(["INFO"]));
  return new Map(
    text
      .split(/\r?\n/)
      .flatMap((line) => (/^\w+:/.test(line) ? [[line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 1)]] : [])),
  );
}
