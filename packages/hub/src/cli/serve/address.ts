import { lookup } from "node:dns/promises";
import { BlockList, isIPv6 } from "node:net";
import { LOOPBACK_HOSTS } from "../../http/admission/guard.ts";
import type { Config } from "../config/config.ts";
import { Failure } from "../errors.ts";

/** The address of a listening server. */
export interface ListenAddress {
  /** The IP address to bind. */
  readonly address: string;
  /** Whether only this machine can reach it. */
  readonly loopback: boolean;
  /** The host in a URL's form, with IPv6 in brackets. */
  readonly urlHost: string;
}

const LOOPBACK = new BlockList();
LOOPBACK.addSubnet("127.0.0.0", 8, "ipv4");
LOOPBACK.addAddress("::1", "ipv6");
LOOPBACK.addSubnet("::ffff:127.0.0.0", 104, "ipv6");

/**
 * Resolves a host before anything listens on it. Open publishing is decided by the address, not by
 * the name.
 *
 * @throws Failure when the name can't be resolved.
 */
export async function resolveHost(host: string): Promise<ListenAddress> {
  const plain = withoutBrackets(host);
  try {
    const { address, family } = await lookup(plain);
    return {
      address,
      loopback: LOOPBACK.check(address, family === 6 ? "ipv6" : "ipv4"),
      urlHost: urlHostOf(host),
    };
  } catch (error) {
    throw new Failure(`The host "${host}" cannot be resolved. Give an address of this machine by --host, such as 127.0.0.1.`, {
      cause: error,
    });
  }
}

/** The host in a URL's form, with IPv6 in brackets. */
export function urlHostOf(host: string): string {
  const plain = withoutBrackets(host);
  return isIPv6(plain) ? `[${plain}]` : plain;
}

function withoutBrackets(host: string): string {
  return /^\[.*\]$/.test(host) ? host.slice(1, -1) : host;
}

/**
 * The host names that a browser on this machine may use. Any other name belongs to a web page that
 * points its own name here.
 */
export function knownHosts(config: Config, address: ListenAddress): readonly string[] {
  const hosts = [...LOOPBACK_HOSTS, address.urlHost];
  if (config.publicUrl !== undefined) hosts.push(new URL(config.publicUrl).hostname);
  return [...new Set(hosts)];
}
