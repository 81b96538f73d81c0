import { readFile } from "node:fs/promises";
import { isIP } from "node:net";
import { checkServerIdentity, type ConnectionOptions, type PeerCertificate } from "node:tls";
import type * as Jetstream from "@nats-io/jetstream";
import type * as Transport from "@nats-io/transport-node";
import type { Authenticator, NatsConnection, Status, TlsOptions } from "@nats-io/transport-node";
import { HubError } from "../../core/errors.ts";
import type { Settings } from "./settings.ts";

/** The client's libraries. */
export interface Library {
  readonly transport: typeof Transport;
  readonly jetstream: typeof Jetstream;
}

/** Ping interval in milliseconds. A dead connection is given up after this and two missed pings. */
const PING_MS = 2500;
const CONNECT_MS = 5000;
const RETRY_MS = { min: 100, max: 2000 } as const;
const OLDEST_SERVER = [2, 9] as const;

/** @throws Error that says what to install. */
export async function loadLibrary(): Promise<Library> {
  try {
    const [transport, jetstream] = await Promise.all([import("@nats-io/transport-node"), import("@nats-io/jetstream")]);
    return { transport, jetstream };
  } catch (cause) {
    throw new Error("The NATS journal needs the NATS client. Run: npm install @nats-io/transport-node @nats-io/jetstream", { cause });
  }
}

/**
 * Connects, and from then on always reconnects by itself.
 *
 * @param onChange - Called when the connection is lost, and when there is a connection again.
 * @throws HubError `journal_unavailable` that names host and port, and says what to do.
 */
export async function connectTo(library: Library, settings: Settings, onChange: (isConnected: boolean) => void): Promise<NatsConnection> {
  const { connect } = library.transport;
  const { servers, user, password, token, credentials, isTls } = settings;
  let attempts = 0;
  const where = servers.join(", ");
  try {
    const connection = await connect({
      servers: [...servers],
      name: `artesian ${settings.name}`,
      timeout: CONNECT_MS,
      pingInterval: PING_MS,
      maxPingOut: 2,
      maxReconnectAttempts: -1,
      // The rights of a hub may be restored while the hub runs.
      ignoreAuthErrorAbort: true,
      reconnectDelayHandler: () => Math.min(RETRY_MS.max, RETRY_MS.min * 2 ** Math.min(attempts++, 5)) * (0.5 + Math.random() / 2),
      // A trace for each request costs more than the request.
      noAsyncTraces: true,
      ...(user === undefined ? {} : { user, pass: password ?? "" }),
      ...(token === undefined ? {} : { token }),
      ...(credentials === undefined ? {} : { authenticator: await readCredentials(library, credentials) }),
      ...(isTls ? { tls: identifiedBy(servers) } : {}),
    });
    void watch(connection.status(), (isConnected) => {
      if (isConnected) attempts = 0;
      onChange(isConnected);
    });
    await checkVersion(connection, where);
    return connection;
  } catch (cause) {
    if (cause instanceof HubError) throw cause;
    const why = whyNot(cause);
    if (why !== undefined) throw new HubError("journal_unavailable", why(where), { cause });
    const detail = `No NATS server answers at ${where}. Start it, or correct the URL.`;
    throw new HubError("journal_unavailable", detail, { cause, retryAfterMs: CONNECT_MS });
  }
}

async function readCredentials({ transport }: Library, path: string): Promise<Authenticator> {
  const authenticator = transport.credsAuthenticator(await readFile(path));
  try {
    // A fault of the credentials would otherwise look like a server that is away.
    authenticator("nonce");
  } catch (cause) {
    throw new HubError("journal_unavailable", "The credentials file of the NATS journal has no token and key that can be read.", { cause });
  }
  return authenticator;
}

/**
 * The library passes no name for a server that the URL names by its address, and Node then wants a
 * certificate for localhost. The certificate may be for the address, so it must match an address of
 * the URL.
 */
function identifiedBy(servers: readonly string[]): TlsOptions & Pick<ConnectionOptions, "checkServerIdentity"> {
  const hosts = servers.map((server) => server.replace(/:\d+$/, "").replace(/^\[|\]$/g, ""));
  const addresses = hosts.filter((host) => isIP(host) !== 0);
  return {
    checkServerIdentity: (name: string, certificate: PeerCertificate) => {
      const isUnnamed = name === "localhost" && !hosts.includes(name) && addresses.length > 0;
      const failures = (isUnnamed ? addresses : [name]).map((host) => checkServerIdentity(host, certificate));
      return failures.includes(undefined) ? undefined : failures[0];
    },
  };
}

async function watch(statuses: AsyncIterable<Status>, onChange: (isConnected: boolean) => void): Promise<void> {
  for await (const { type } of statuses) {
    if (type === "disconnect" || type === "staleConnection" || type === "close") onChange(false);
    else if (type === "reconnect") onChange(true);
  }
}

async function checkVersion(connection: NatsConnection, where: string): Promise<void> {
  const version = connection.info?.version ?? "";
  const [major = 0, minor = 0] = version.split(".").map(Number);
  if (major > OLDEST_SERVER[0] || (major === OLDEST_SERVER[0] && minor >= OLDEST_SERVER[1])) return;
  await connection.close();
  throw new HubError("journal_unavailable", `The NATS server at ${where} is version ${version}; the journal needs 2.9 or newer.`);
}

/**
 * Explains in words for the operator why there is no connection. @returns Undefined if no server
 * answers.
 */
function whyNot(error: unknown): ((where: string) => string) | undefined {
  const text = error instanceof Error ? `${error.name} ${error.message} ${String(error.cause)}` : "";
  if (/authorization|authentication/i.test(text)) {
    return (where) =>
      `The NATS server at ${where} refuses the credentials. Check the user and password, the token or the credentials file.`;
  }
  if (/ENOENT|EACCES/.test(text)) return () => "The credentials file of the NATS journal cannot be read.";
  if (/tls|certificate|self.signed/i.test(text)) return (where) => `There is no trusted TLS connection to the NATS server at ${where}.`;
  return undefined;
}
