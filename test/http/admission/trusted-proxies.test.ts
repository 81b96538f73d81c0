import { EventEmitter } from "node:events";
import type { IncomingMessage } from "node:http";
import { describe, expect, test } from "vitest";
import { SILENT } from "../../../packages/hub/src/core/logger.ts";
import { isAddressOrNetwork, TrustedProxies } from "../../../packages/hub/src/http/admission/trusted-proxies.ts";

/** The client of a request, as far as its peer and header fields tell. */
function clientOf(trusted: readonly string[], remoteAddress: string | undefined, headers: Record<string, string> = {}): string | undefined {
  const req = Object.assign(new EventEmitter(), { socket: { remoteAddress }, headers });
  return new TrustedProxies(trusted, SILENT).clientOf(req as unknown as IncomingMessage);
}

const xff = (value: string): Record<string, string> => ({ "x-forwarded-for": value });
const forwarded = (value: string): Record<string, string> => ({ forwarded: value });

describe("the address of a client", () => {
  const TRUSTED = ["127.0.0.1", "10.0.0.0/8", "2001:db8:ffff::/48", "::1"];

  test.each<[what: string, peer: string | undefined, headers: Record<string, string>, client: string | undefined]>([
    ["no header", "10.0.0.1", {}, "10.0.0.1"],
    ["an untrusted peer that names another", "203.0.113.9", xff("192.0.2.1"), "203.0.113.9"],
    ["an untrusted peer of IPv6", "2001:db8:1::1", forwarded("for=192.0.2.1"), "2001:db8:1::1"],
    ["a proxy", "10.0.0.1", xff("192.0.2.1"), "192.0.2.1"],
    ["a proxy whose address is IPv4 as IPv6", "::ffff:10.0.0.1", xff("192.0.2.1"), "192.0.2.1"],
    ["a proxy of IPv6", "2001:db8:ffff::7", xff("2001:db8:1::1"), "2001:db8:1::1"],
    ["a proxy on a Unix socket", undefined, xff("192.0.2.1"), "192.0.2.1"],
    ["a spoofed entry", "10.0.0.1", xff("198.51.100.1, 192.0.2.1"), "192.0.2.1"],
    ["a spoofed entry of a proxy", "10.0.0.1", xff("198.51.100.1, 10.0.0.2, 192.0.2.1"), "192.0.2.1"],
    ["two proxies", "10.0.0.1", xff("198.51.100.1, 192.0.2.1, 10.0.0.2"), "192.0.2.1"],
    ["proxies alone", "10.0.0.1", xff("10.0.0.3, 10.0.0.2"), "10.0.0.3"],
    ["text that is no address", "10.0.0.1", xff("192.0.2.1, unknown, 10.0.0.2"), "unknown"],
    ["the name unknown, through the loopback", "127.0.0.1", xff("192.0.2.1, unknown"), "unknown"],
    ["a Unix socket", "127.0.0.1", xff("unix:"), "unknown"],
    ["an empty field", "10.0.0.1", xff(""), "unknown"],
    ["an empty element", "127.0.0.1", xff("192.0.2.1, "), "unknown"],
    ["a loopback that a proxy names", "127.0.0.1", xff("127.0.0.2"), "unknown"],
    ["a proxy on the loopback that names itself", "127.0.0.1", xff("::1"), "unknown"],
    ["a loopback in another spelling", "127.0.0.1", xff("0:0:0:0:0:0:0:1"), "unknown"],
    ["a loopback of IPv4 as IPv6", "127.0.0.1", xff("::ffff:7f00:1"), "unknown"],
    ["IPv4 as IPv6 in digits of 16", "10.0.0.1", xff("::ffff:c000:201"), "192.0.2.1"],
    ["a proxy in another spelling", "10.0.0.1", xff("192.0.2.1, 2001:0DB8:FFFF:0::7"), "192.0.2.1"],
    ["IPv6 in another spelling", "10.0.0.1", xff("2001:0DB8:0001:0:0:0:0:1"), "2001:db8:1::1"],
    [
      "two headers that spell one client",
      "10.0.0.1",
      { ...xff("2001:DB8:1::1"), ...forwarded('for="[2001:db8:1:0::1]"') },
      "2001:db8:1::1",
    ],
    ["a port", "10.0.0.1", xff("192.0.2.1:4711"), "192.0.2.1"],
    ["brackets and a port", "10.0.0.1", xff("[2001:db8:1::1]:4711"), "2001:db8:1::1"],
    ["Forwarded", "10.0.0.1", forwarded("for=198.51.100.1, for=192.0.2.1;proto=https;by=10.0.0.1"), "192.0.2.1"],
    ["Forwarded in quotes", "10.0.0.1", forwarded('proto=https;For="[2001:db8:1::1]:4711"'), "2001:db8:1::1"],
    ["Forwarded of two proxies", "10.0.0.1", forwarded('for=192.0.2.1, For="10.0.0.2:80"'), "192.0.2.1"],
    ["a quote that the client left open", "10.0.0.1", forwarded('for="198.51.100.1, for=192.0.2.1'), "192.0.2.1"],
    ["a host that holds another element", "10.0.0.1", forwarded('for=192.0.2.1;host="a, for=198.51.100.1"'), "192.0.2.1"],
    ["a host that holds another for", "10.0.0.1", forwarded('for=192.0.2.1;host="a;for=198.51.100.1"'), "192.0.2.1"],
    ["two for in one element", "10.0.0.1", forwarded("for=192.0.2.1;for=198.51.100.1"), "unknown"],
    ["an obfuscated name", "10.0.0.1", forwarded("for=192.0.2.1, for=_hidden"), "unknown"],
    ["both headers, of one mind", "10.0.0.1", { ...xff("192.0.2.1"), ...forwarded("for=192.0.2.1") }, "192.0.2.1"],
    ["a header that the proxy does not write", "10.0.0.1", { ...xff("192.0.2.1"), ...forwarded("for=198.51.100.1") }, "unknown"],
    ["two headers that differ, through the loopback", "127.0.0.1", { ...xff("192.0.2.1"), ...forwarded("for=198.51.100.1") }, "unknown"],
    ["two headers that differ, on a Unix socket", undefined, { ...xff("192.0.2.1"), ...forwarded("for=198.51.100.1") }, "unknown"],
    ["a header that names nobody beside one that does", "127.0.0.1", { ...xff("192.0.2.1"), ...forwarded("for=_hidden") }, "unknown"],
  ])("%s", (_, peer, headers, client) => {
    expect(clientOf(TRUSTED, peer, headers)).toBe(client);
  });

  test("is warned of once a minute while a proxy names none", () => {
    const lines: object[] = [];
    const proxies = new TrustedProxies(TRUSTED, { ...SILENT, warn: (fields) => void lines.push(fields) });
    for (const headers of [forwarded("for=_a"), forwarded("for=unknown"), xff("")]) {
      const req = Object.assign(new EventEmitter(), { socket: { remoteAddress: "127.0.0.1" }, headers });
      expect(proxies.clientOf(req as unknown as IncomingMessage)).toBe("unknown");
    }
    expect(lines).toEqual([{ peer: "127.0.0.1", count: 1 }]);
  });

  test("is warned of once a minute while two headers differ", () => {
    const lines: object[] = [];
    const proxies = new TrustedProxies(TRUSTED, { ...SILENT, warn: (fields) => void lines.push(fields) });
    const ask = (headers: Record<string, string>): void => {
      const req = Object.assign(new EventEmitter(), { socket: { remoteAddress: "127.0.0.1" }, headers });
      proxies.clientOf(req as unknown as IncomingMessage);
    };
    ask({ ...xff("192.0.2.1"), ...forwarded("for=192.0.2.1") });
    expect(lines).toEqual([]);
    for (let i = 0; i < 3; i++) ask({ ...xff("192.0.2.1"), ...forwarded(`for=198.51.100.${i}`) });
    expect(lines).toEqual([{ peer: "127.0.0.1", count: 1 }]);
  });

  test("is the peer's while no proxy is trusted", () => {
    for (const peer of ["127.0.0.1", "10.0.0.1", undefined]) expect(clientOf([], peer, xff("192.0.2.1"))).toBe(peer);
  });

  test("is found in a long header without reading it all", () => {
    expect(clientOf(TRUSTED, "10.0.0.1", xff(`192.0.2.1, ${Array<string>(40).fill("10.0.0.2").join(", ")}`))).toBe("unknown");
  });

  test("an address or a network is one of IPv4 or IPv6, and never of everyone", () => {
    const right = ["192.0.2.1", "10.0.0.0/8", "192.0.2.1/32", "2001:db8::1", "2001:db8::/32", "::1", "fd00::/8", "::ffff:10.0.0.1"];
    expect(right.filter((text) => !isAddressOrNetwork(text))).toEqual([]);
    const wrong = [
      "",
      "10",
      "10.0.0.0/33",
      "10.0.0.0/",
      "0.0.0.0/0",
      "::/0",
      "2001:db8::/129",
      "proxy.example.com",
      "*",
      "10.0.0.0/8 ",
      10,
    ];
    expect(wrong.filter(isAddressOrNetwork)).toEqual([]);
  });
});
