import { lookup as resolve } from "node:dns";
import { Agent as HttpAgent } from "node:http";
import { Agent as HttpsAgent } from "node:https";
import { BlockList, isIP, type LookupFunction } from "node:net";

/** Decides whether an IP address may be connected to. */
export type AllowAddress = (address: string) => boolean;

/** No connection was made, because of the address. */
export class ForbiddenAddress extends Error {
  override readonly name = "ForbiddenAddress";
}

/**
 * Special-purpose blocks that are not the public internet.
 *
 * @see https://www.iana.org/assignments/iana-ipv4-special-registry
 * @see https://www.iana.org/assignments/iana-ipv6-special-registry
 */
const PRIVATE_IPV4 = `0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24 192.0.2.0/24
  192.88.99.0/24 192.168.0.0/16 198.18.0.0/15 198.51.100.0/24 203.0.113.0/24 224.0.0.0/4 240.0.0.0/4`;
/**
 * Within 2000::/3, which is all that is public of IPv6. 2002::/16 and 2001::/23 may lead to any
 * IPv4 address.
 */
const PRIVATE_IPV6 = "2001::/23 2001:db8::/32 2002::/16 3fff::/20";

const blocked = new BlockList();
const publicIpv6 = new BlockList();
for (const [list, family] of [
  [PRIVATE_IPV4, "ipv4"],
  [PRIVATE_IPV6, "ipv6"],
] as const) {
  for (const block of list.split(/\s+/)) {
    const [net = "", bits] = block.split("/");
    blocked.addSubnet(net, Number(bits), family);
  }
}
publicIpv6.addSubnet("2000::", 3, "ipv6");

/**
 * Whether an IP address is on the public internet: not of this machine, a private network or a
 * special purpose.
 */
export function isPublicAddress(address: string): boolean {
  if (isIP(address) === 4) return !blocked.check(address, "ipv4");
  return isIP(address) === 6 && publicIpv6.check(address, "ipv6") && !blocked.check(address, "ipv6");
}

/** The part of a request's options that forbids other addresses. */
export interface Guard {
  readonly lookup: LookupFunction;
  readonly http: HttpAgent;
  readonly https: HttpsAgent;
}

const guards = new WeakMap<AllowAddress, Guard>();

/**
 * Returns the guard of a rule. The guard checks the real address of each connection, because a name may resolve to
 * others a moment later. The guard keeps separate connections, since open connections are not checked again.
 */
export function guardOf(allow: AllowAddress): Guard {
  const known = guards.get(allow);
  if (known !== undefined) return known;
  const lookup: LookupFunction = (hostname, options, callback) => {
    resolve(hostname, { ...options, all: true }, (error, found) => {
      if (error !== null) {
        callback(error, []);
        return;
      }
      const allowed = found.filter(({ address }) => allow(address));
      const [first] = allowed;
      if (first === undefined) callback(forbidden(hostname), []);
      else if (options.all === true) callback(null, allowed);
      else callback(null, first.address, first.family);
    });
  };
  const guard = { lookup, http: new HttpAgent({ keepAlive: true }), https: new HttpsAgent({ keepAlive: true }) };
  guards.set(allow, guard);
  return guard;
}

/** @throws ForbiddenAddress if the host is a forbidden IP address, which is never looked up. */
export function checkHost({ hostname }: URL, allow: AllowAddress): void {
  const host = hostname.replace(/^\[(.*)\]$/, "$1");
  if (isIP(host) !== 0 && !allow(host)) throw forbidden(host);
}

function forbidden(host: string): ForbiddenAddress {
  return new ForbiddenAddress(`${host} is not at an address that may be asked`);
}
