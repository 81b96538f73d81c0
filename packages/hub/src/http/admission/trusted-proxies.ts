import type { IncomingMessage } from "node:http";
import { BlockList, isIP, isIPv4 } from "node:net";
import { addressKey, plainAddress } from "../../core/address-key.ts";
import type { Logger } from "../../core/logger.ts";
import { LogThrottle } from "../../core/log-throttle.ts";

/**
 * Most proxies that are followed for a request. A header of 16 KiB can hold thousands of addresses.
 */
const MAX_HOPS = 32;

/**
 * Stands for the address of every client that a proxy leaves in doubt. Limits count these clients
 * together. The proxy's own address would be exempt on the loopback, and any client could then lift
 * the limits with a header field.
 */
export const UNKNOWN_CLIENT = "unknown";

/** An address, or a network as its first address and prefix length. */
interface Network {
  readonly address: string;
  readonly bits: number | undefined;
}

/** Completes the sentence "it must be". */
export const ADDRESS_OR_NETWORK = "an address or a network of IPv4 or IPv6, such as 192.0.2.1 or 10.0.0.0/8, and not that of everyone.";

/**
 * Whether a text is an IP address, or a network in CIDR notation. The network of all addresses is
 * not accepted, because every client could then choose its address.
 */
export function isAddressOrNetwork(text: unknown): text is string {
  return typeof text === "string" && parseNetwork(text) !== undefined;
}

/** Distinguishes a client's address from the proxies in between. */
export class TrustedProxies {
  readonly #networks: BlockList | undefined;
  readonly #logger: Logger;
  readonly #notices: LogThrottle;
  #hasWarned = false;

  /**
   * @param trusted - Addresses and networks of proxies whose `X-Forwarded-For` or `Forwarded`
   *   counts.
   */
  constructor(trusted: readonly string[], logger: Logger) {
    this.#networks = trusted.length === 0 ? undefined : blockListOf(trusted);
    this.#logger = logger;
    this.#notices = new LogThrottle(logger);
  }

  /**
   * Finds the client's address of a request. Without a trusted proxy, this is the address of the
   * connection. Each proxy appends the address that it was reached from. So the client is the
   * right-most address that is not a trusted proxy's, and all text left of it comes from the
   * client.
   *
   * @returns Undefined if the runtime tells no address, as on a Unix socket without trusted
   *   proxies. {@link UNKNOWN_CLIENT} if a proxy names a client by no address or by a loopback
   *   address, or if the two header fields name different clients.
   */
  clientOf(req: IncomingMessage): string | undefined {
    const peer = req.socket.remoteAddress;
    // Only processes of this machine can reach a Unix socket.
    if (this.#networks === undefined || (peer !== undefined && !this.trusts(peer))) return peer;
    const { forwarded } = req.headers;
    const listed = listOf(req.headers["x-forwarded-for"]);
    if (listed === undefined) return forwarded === undefined ? peer : this.#walk(peer, addressesOf(forwarded));
    const client = this.#walk(peer, addressesOf(listed, readNode));
    if (forwarded === undefined || this.#walk(peer, addressesOf(forwarded)) === client) return client;
    // A proxy writes one of the two fields and passes the client's own text on in the other.
    // Nothing tells which is which.
    this.#notices.warn(
      "two clients",
      { peer },
      "A request through a trusted proxy names one client in X-Forwarded-For and another in Forwarded. " +
        "All such requests share the limits of one address. Let the proxy remove the field that it does not write.",
    );
    return UNKNOWN_CLIENT;
  }

  /**
   * Warns once if a full address seems to be a proxy's. All users behind such a proxy count as one
   * address.
   *
   * @param req - The refused request.
   */
  noteFull(req: IncomingMessage): void {
    const peer = req.socket.remoteAddress;
    if (this.#hasWarned || peer === undefined || this.trusts(peer)) return;
    const header = ["x-forwarded-for", "forwarded"].find((name) => req.headers[name] !== undefined);
    if (header === undefined) return;
    this.#hasWarned = true;
    this.#logger.warn(
      { address: peer, header },
      `An address has reached its limit of streams, and its request names another client in ${header}. If ${peer} is your proxy, its users count as ` +
        `one address: name it in trustedProxies, or --trusted-proxies ${peer}.`,
    );
  }

  /** Whether a trusted proxy has the address. */
  trusts(address: string): boolean {
    const plain = plainAddress(address);
    return this.#networks?.check(plain, isIPv4(plain) ? "ipv4" : "ipv6") ?? false;
  }

  /**
   * @param addresses - From right to left. Undefined for text that is no address, behind which
   *   nothing is known.
   */
  #walk(peer: string | undefined, addresses: Iterable<string | undefined>): string {
    let client: string | undefined;
    let hops = 0;
    for (const address of addresses) {
      client = ++hops > MAX_HOPS ? undefined : address;
      if (client === undefined || !this.trusts(client)) break;
    }
    // The loopback is exempt from limits, and only a connection can prove that it comes from there.
    if (client !== undefined && addressKey(client) !== undefined) return client;
    this.#notices.warn(
      "no client",
      { peer },
      "A request through a trusted proxy names no address of a client. All such requests share the limits of one address. Let the proxy send each client's address.",
    );
    return UNKNOWN_CLIENT;
  }
}

function blockListOf(trusted: readonly string[]): BlockList {
  const networks = new BlockList();
  for (const text of trusted) {
    const network = parseNetwork(text);
    if (network === undefined) continue;
    const { address, bits } = network;
    const family = isIPv4(address) ? "ipv4" : "ipv6";
    if (bits === undefined) networks.addAddress(address, family);
    else networks.addSubnet(address, bits, family);
  }
  return networks;
}

function parseNetwork(text: string): Network | undefined {
  const [, address = "", bits] = /^([\d.]+|[\da-f:.]+)(?:\/(\d{1,3}))?$/i.exec(text) ?? [];
  const family = isIP(address);
  if (family === 0) return undefined;
  if (bits === undefined) return { address: plainAddress(address), bits: undefined };
  const length = Number(bits);
  return length >= 1 && length <= (family === 4 ? 32 : 128) ? { address, bits: length } : undefined;
}

function listOf(header: string | readonly string[] | undefined): string | undefined {
  return typeof header === "object" ? header.join(",") : header;
}

/** The addresses of a header from right to left, read lazily. */
function* addressesOf(header: string, read: (text: string) => string | undefined = readElement): Iterable<string | undefined> {
  for (const text of fromRight(header, ",")) yield read(text);
}

/** The `for` of a `Forwarded` element (RFC 7239, section 4). */
function readElement(element: string): string | undefined {
  const nodes = [...fromRight(element, ";")].flatMap((pair) => {
    const [, node] = /^for\s*=\s*(.*)$/i.exec(pair) ?? [];
    return node === undefined ? [] : [node];
  });
  const [node = ""] = nodes;
  return nodes.length === 1 ? readNode(node.replace(/^"(.*)"$/, "$1")) : undefined;
}

/** An address, with or without brackets and port. */
function readNode(text: string): string | undefined {
  const [, bracketed, plain] = /^(?:\[([^\]]*)\](?::\w+)?|(\d+\.\d+\.\d+\.\d+)(?::\w+)?)$/.exec(text) ?? [];
  const address = bracketed ?? plain ?? text;
  return isIP(address) === 0 ? undefined : plainAddress(address);
}

/**
 * Splits at a separator outside of quotes, from right to left. A quote that a client left open must
 * not swallow the elements that proxies appended.
 */
function* fromRight(text: string, separator: string): Iterable<string> {
  let end = text.length;
  let isQuoted = false;
  for (let i = text.length - 1; i >= 0; i--) {
    if (text[i] === '"' && !(isQuoted && text[i - 1] === "\\")) isQuoted = !isQuoted;
    else if (text[i] === separator && !isQuoted) {
      yield text.slice(i + 1, end).trim();
      end = i;
    }
  }
  yield text.slice(0, end).trim();
}
