import type { Retention } from "../../core/journal/journal.ts";
import { namesOf } from "../../core/names.ts";
import { checkJournalOptions } from "../shared/options.ts";
import { DURABLE_RETENTION } from "../shared/retention.ts";
import { checkPartitions } from "../partitioned/partition-of.ts";

/** Options of a NATS journal. */
export interface NatsJournalOptions {
  /**
   * URL of the servers: `nats://HOST:4222`, or `tls://…` for an encrypted connection. Several
   * servers of one cluster are separated by commas. A user and a password, or a token, come before
   * the host as in any URL. `name`, `partitions`, `replicas` and `credentials` may be in the query.
   */
  readonly url: string;
  /**
   * Names the journal, among others of the same servers. Letters, digits, `_` and `-`, at most 64.
   * Default: `artesian`.
   */
  readonly name?: string | undefined;
  /**
   * Number of servers of a cluster that keep a copy: 1, 3 or 5. With 3, acknowledged updates are on
   * two at least, and one may fail. A journal with another number is changed. Default: as the
   * journal has it, or 1 for a new journal.
   */
  readonly replicas?: number | undefined;
  /**
   * Number of streams for the topics, 1 to 16, the same in all hubs. On a cluster, each may have
   * another leader. An update goes to the stream of its first topic. Another number is another
   * journal, which begins empty. Default: 1.
   */
  readonly partitions?: number | undefined;
  /**
   * A file with a user's token and key, from `nsc` or hosted NATS. Default: the credentials of the
   * URL.
   */
  readonly credentials?: string | undefined;
  /** Default: 1,000,000 records, 1 GiB of them, 7 days. Give all hubs of a journal the same. */
  readonly retention?: Retention | undefined;
  /**
   * Called with a description of the fault if something in the stream is not as a hub wrote it. The
   * record is left out. Default: a warning of the process.
   */
  readonly onDamage?: ((what: string) => void) | undefined;
}

/** The options with defaults. */
export interface Settings {
  /** As `HOST:PORT`. */
  readonly servers: readonly string[];
  readonly user: string | undefined;
  readonly password: string | undefined;
  readonly token: string | undefined;
  readonly credentials: string | undefined;
  readonly isTls: boolean;
  readonly name: string;
  readonly partitions: number;
  readonly replicas: number | undefined;
  readonly retention: Retention;
  readonly onDamage: (what: string) => void;
}

const OPTIONS: ReadonlySet<string> = namesOf<NatsJournalOptions>({
  url: true,
  name: true,
  replicas: true,
  partitions: true,
  credentials: true,
  retention: true,
  onDamage: true,
});
const HOST = /^(?:[A-Za-z0-9_.-]+|\[[0-9A-Fa-f:.]+\])(?::\d{1,5})?$/;
const PARAMETERS = ["name", "partitions", "replicas", "credentials"] as const;
const EXAMPLE = "Write it as nats://HOST:4222 or tls://USER:PASSWORD@HOST:4222,HOST:4222?name=NAME&replicas=3.";

/** @throws TypeError with the correction, and without secrets. */
export function settingsOf(options: NatsJournalOptions): Settings {
  checkJournalOptions("natsJournal()", options, OPTIONS);
  const parts = /^(nats|tls):\/\/([^/?#]+)\/?(?:\?([^#]*))?$/.exec(options.url);
  if (parts === null) throw new TypeError(`The URL of the NATS journal is not valid. ${EXAMPLE}`);
  const [, scheme, authority, query] = parts;
  const hosts = (authority as string).split(",").map(splitHost);
  if (!hosts.every(({ host }) => HOST.test(host))) {
    throw new TypeError(
      `The URL of the NATS journal has a host that is not valid; in a password, write / ? # @ , as %2F and so on. ${EXAMPLE}`,
    );
  }
  const { name, partitions, replicas, credentials } = parametersOf(query ?? "");
  const secret = hosts.find((host) => host.user !== undefined);
  const hasPassword = secret?.password !== undefined;
  return {
    servers: hosts.map(({ host }) => (/:\d+$/.test(host) ? host : `${host}:4222`)),
    user: hasPassword ? secret.user : undefined,
    password: secret?.password,
    token: hasPassword ? undefined : secret?.user,
    credentials: options.credentials ?? credentials,
    isTls: scheme === "tls",
    name: checkName(options.name ?? name ?? "artesian"),
    partitions: checkPartitions(options.partitions ?? Number(partitions ?? 1)),
    replicas: checkReplicas(options.replicas ?? (replicas === undefined ? undefined : Number(replicas))),
    retention: options.retention ?? DURABLE_RETENTION,
    onDamage: options.onDamage ?? ((what) => process.emitWarning(what)),
  };
}

/** The URL without user, password and token, for display and logs. */
export function withoutCredentials(url: string): string {
  const parts = /^([a-z]+:\/\/)([^/?#]*)/.exec(url);
  if (parts === null) return "";
  const [start, scheme, authority] = parts;
  // Text that is no host may be a part of a password.
  const hosts = (authority as string).split(",").flatMap((item) => splitHost(item).host.match(HOST) ?? []);
  const rest = url.slice(start.length);
  return rest.includes("@") ? `${scheme}${hosts.join(",")}` : `${scheme}${hosts.join(",")}${rest}`;
}

function splitHost(item: string): { readonly user: string | undefined; readonly password: string | undefined; readonly host: string } {
  const at = item.lastIndexOf("@");
  const host = item.slice(at + 1);
  if (at < 0) return { user: undefined, password: undefined, host };
  const colon = item.slice(0, at).indexOf(":");
  if (colon < 0) return { user: decoded(item.slice(0, at)), password: undefined, host };
  return { user: decoded(item.slice(0, colon)), password: decoded(item.slice(colon + 1, at)), host };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new TypeError("The URL of the NATS journal has a user or password with a % that is not an escape. Write % as %25.");
  }
}

function parametersOf(query: string): Readonly<Record<(typeof PARAMETERS)[number], string | undefined>> {
  const parameters = new URLSearchParams(query);
  for (const key of parameters.keys()) {
    if (!(PARAMETERS as readonly string[]).includes(key)) {
      // Text after an unescaped question mark in a password is not shown.
      const which = query.includes("@") ? "(write a ? in a password as %3F)" : `"${key}"`;
      throw new TypeError(`The URL of the NATS journal has the unknown parameter ${which}; there are ${PARAMETERS.join(", ")}.`);
    }
  }
  const get = (key: string): string | undefined => parameters.get(key) ?? undefined;
  return { name: get("name"), partitions: get("partitions"), replicas: get("replicas"), credentials: get("credentials") };
}

function checkName(name: string): string {
  // The name is a part of the stream's name and subjects, in which dots, stars and spaces have a
  // meaning.
  if (/^[\w-]{1,64}$/.test(name)) return name;
  throw new TypeError("The name of the NATS journal must be 1 to 64 letters, digits, _ or -.");
}

function checkReplicas(replicas: number | undefined): number | undefined {
  if (replicas === undefined || replicas === 1 || replicas === 3 || replicas === 5) return replicas;
  throw new TypeError("The replicas of the NATS journal must be 1, 3 or 5.");
}
