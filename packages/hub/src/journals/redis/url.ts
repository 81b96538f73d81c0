/** Address of a journal's Redis, and the other parts of a URL. */
export interface RedisTarget {
  /**
   * `single`: one server, or a name that leads to the master. `sentinel`: the sentinels know the
   * master. `cluster`: the nodes know the master.
   */
  readonly kind: "single" | "sentinel" | "cluster";
  /** The server, the sentinels, or some nodes of the cluster. */
  readonly hosts: readonly Address[];
  readonly isTls: boolean;
  readonly username: string | undefined;
  readonly password: string | undefined;
  readonly database: number;
  /** Name of the master for the sentinels. */
  readonly master: string;
  readonly sentinelUsername: string | undefined;
  readonly sentinelPassword: string | undefined;
  /** Name of the journal. */
  readonly name: string | undefined;
  readonly partitions: number | undefined;
  readonly waitReplicas: number | undefined;
  readonly waitReplicasMs: number | undefined;
}

export interface Address {
  readonly host: string;
  readonly port: number;
}

const URL_PARTS = /^(rediss?)(?:\+(sentinel|cluster))?:\/\/(?:([^/?#]*)@)?([^/?#]*)(?:\/([^?#]*))?(?:\?([^#]*))?$/;
const HOST = /^(\[[0-9A-Fa-f:.]+\]|[^:[\]\s]+)(?::(\d{1,5}))?$/;
const FORMS =
  "redis://HOST:PORT, redis+sentinel://HOST:PORT,HOST:PORT/MASTER or redis+cluster://HOST:PORT,HOST:PORT; with rediss in place of redis over TLS";
const PARAMETERS = ["name", "partitions", "wait", "waitMs", "sentinelUsername", "sentinelPassword"] as const;

/**
 * Parses the URL of a journal on Redis. No message has any secret.
 *
 * @throws TypeError if the URL is malformed, or has a parameter without meaning.
 */
export function parseRedisUrl(url: string): RedisTarget {
  const parts = URL_PARTS.exec(url);
  if (parts === null) throw new TypeError(`The URL of the journal is not valid. It is ${FORMS}.`);
  const [, scheme, kind = "single", credentials = "", hosts = "", path = "", query = ""] = parts;
  const parameters = readQuery(query);
  const isSentinel = kind === "sentinel";
  const [master = "", database = ""] = isSentinel ? path.split("/") : ["", path];
  if (isSentinel && master === "") {
    throw new TypeError(
      "The URL of the journal does not say which master of the sentinels it is. Add its name: redis+sentinel://HOST:PORT/MASTER.",
    );
  }
  if (!/^\d{0,5}$/.test(database) || (kind === "cluster" && Number(database) !== 0)) {
    throw new TypeError("The path of the journal's URL is not the number of a database. A cluster has number 0 only.");
  }
  const addresses = hosts.split(",").map((host) => readAddress(host, isSentinel ? 26379 : 6379));
  if (kind === "single" && addresses.length > 1)
    throw new TypeError(`The URL of the journal names several hosts, but not what they are. It is ${FORMS}.`);
  const colon = credentials.indexOf(":");
  return {
    kind: kind as RedisTarget["kind"],
    hosts: addresses,
    isTls: scheme === "rediss",
    username: decode(colon < 0 ? credentials : credentials.slice(0, colon)),
    password: colon < 0 ? undefined : decode(credentials.slice(colon + 1)),
    database: Number(database),
    master: decode(master) ?? "",
    sentinelUsername: given(parameters, "sentinelUsername"),
    sentinelPassword: given(parameters, "sentinelPassword"),
    name: parameters.get("name"),
    partitions: count(parameters, "partitions"),
    waitReplicas: count(parameters, "wait"),
    waitReplicasMs: count(parameters, "waitMs"),
  };
}

/** The URL for display and logs: without user, password and the parameters that hold them. */
export function withoutCredentials(url: string): string {
  const [address = "", ...query] = url.split("?");
  // Up to the last @ before the path, because a password with an unescaped @ must not be shown
  // either.
  const shown = address.replace(/^([a-z+]*:\/\/)[^/]*@/i, "$1").replace(/^(?!.*:\/\/).*@/, "");
  const rest = query
    .join("?")
    .split("&")
    .filter((one) => one !== "" && !/^sentinel(Username|Password)(=|$)/i.test(one));
  return rest.length === 0 ? shown : `${shown}?${rest.join("&")}`;
}

export function formatAddress({ host, port }: Address): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

function readAddress(text: string, defaultPort: number): Address {
  const [, host, port] = HOST.exec(text) ?? [];
  const number = port === undefined ? defaultPort : Number(port);
  if (host === undefined || number < 1 || number > 65_535)
    throw new TypeError(`A host in the URL of the journal is not valid. It is ${FORMS}.`);
  return { host: host.replace(/^\[|\]$/g, ""), port: number };
}

function readQuery(query: string): ReadonlyMap<string, string> {
  const parameters = new Map<string, string>();
  for (const [name, value] of new URLSearchParams(query)) {
    if (!(PARAMETERS as readonly string[]).includes(name)) {
      // Text after an unescaped question mark in a password is not shown.
      const which = query.includes("@") ? "that means nothing; write a ? in a password as %3F" : JSON.stringify(name);
      throw new TypeError(`The URL of the journal has a parameter ${which}. Those that mean something are ${PARAMETERS.join(", ")}.`);
    }
    parameters.set(name, value);
  }
  return parameters;
}

/** An empty value counts as not given, as before the host. */
function given(parameters: ReadonlyMap<string, string>, name: string): string | undefined {
  const text = parameters.get(name);
  return text === "" ? undefined : text;
}

function count(parameters: ReadonlyMap<string, string>, name: string): number | undefined {
  const text = parameters.get(name);
  if (text === undefined) return undefined;
  if (!/^\d{1,6}$/.test(text)) throw new TypeError(`The parameter ${name} in the URL of the journal is not a whole number.`);
  return Number(text);
}

function decode(text: string): string | undefined {
  if (text === "") return undefined;
  try {
    return decodeURIComponent(text);
  } catch {
    throw new TypeError("The user, password or master in the URL of the journal has a % that begins no escape. Write it as %25.");
  }
}
