import { describe, expect, it } from "vitest";
import { createEpoch, formatCursor, parseCursor } from "../../packages/hub/src/core/journal/cursor.ts";
import { TopicParser } from "../../packages/hub/src/core/update/topic.ts";
import { utf8Length } from "../../packages/hub/src/core/update/update.ts";
import { addressKey } from "../../packages/hub/src/core/address-key.ts";
import { Connections } from "../../packages/hub/src/http/admission/connections.ts";
import { parseForm } from "../../packages/hub/src/http/body/form.ts";
import { fc, test } from "@fast-check/vitest";

describe("cursors", () => {
  test.prop([fc.nat({ max: Number.MAX_SAFE_INTEGER })], { seed: 1 })("are read as they were written", (offset) => {
    const epoch = createEpoch();
    expect(parseCursor(formatCursor({ epoch, offset }))).toEqual({ epoch, offset });
  });

  test.prop([fc.string({ unit: "binary" })], { seed: 2 })("never throw, whatever a peer sends", (text) => {
    expect(parseCursor(text)).toBeUndefined();
  });

  it.each([
    "#abcdefgh:",
    "#abcdefg:1",
    "#abcdefgh:01",
    "#abcdefgh:1 ",
    "#abcdefgh:-1",
    "#abcdefgh:1.2",
    "#abcdefgh:zzzzzzzzzzz",
    "#abcdefgh:100000000000",
    "abcdefgh:1",
  ])("refuse %s", (text) => {
    expect(parseCursor(text)).toBeUndefined();
  });
});

describe("the reserved namespace", () => {
  const parser = new TopicParser("https://hub.example/base/.well-known/mercure");
  it.each([
    "/base/.well-known/mercure",
    "/base/.well-known/mercure/",
    "/base/.well-known/mercure/subscriptions/exact/x/y",
    "https://other.example/base/.well-known/mercure/x",
    "//other.example/base/.well-known/mercure",
    "/base/.well-known/%6Dercure",
    "/base/x/../.well-known/mercure",
    "/base/x/%2e%2E/.well-known/mercure",
    "\\base\\.well-known\\mercure",
    "mercure",
    "./mercure/x",
    "?query",
    "custom://host/base/.well-known/mercure/x",
  ])("has %s", (topic) => {
    expect(parser.parse(topic).reserved).toBe(true);
  });

  it.each([
    "/base/.well-known/mercurex",
    "/.well-known/mercure",
    "/base/.well-known/Mercure",
    "greeting",
    "/events/stream",
    "urn:base:mercure",
    "http://[not-a-url",
    "/base/.well-known%2Fmercure",
  ])("does not have %s", (topic) => {
    expect(parser.parse(topic).reserved).toBe(false);
  });
});

describe("sizes", () => {
  test.prop([fc.string({ unit: "grapheme" })], { seed: 3 })("are bytes of UTF-8", (text) => {
    expect(utf8Length(text)).toBe(Buffer.byteLength(text));
  });
});

describe("forms", () => {
  test.prop([fc.array(fc.tuple(fc.string({ unit: "grapheme" }), fc.string({ unit: "grapheme" })))], { seed: 4 })(
    "are read as URLSearchParams writes them",
    (pairs) => {
      expect(parseForm(new URLSearchParams(pairs).toString())).toEqual(pairs);
    },
  );

  it("are read as the standard says where they are odd", () => {
    expect(parseForm("&a&=b&c=d=e&%&%zz&%4&f=%41+%2B&")).toEqual([
      ["a", ""],
      ["", "b"],
      ["c", "d=e"],
      ["%", ""],
      ["%zz", ""],
      ["%4", ""],
      ["f", "A +"],
    ]);
    expect(() => parseForm("a=%C3%28")).toThrow(expect.objectContaining({ code: "invalid_body" }));
  });
});

describe("connections", () => {
  it.each([
    ["127.0.0.1", undefined],
    ["::1", undefined],
    ["::ffff:127.0.0.1", undefined],
    ["192.0.2.1", "192.0.2.1"],
    ["::ffff:192.0.2.1", "192.0.2.1"],
    ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2"],
    ["2001:db8:1:2::6", "2001:db8:1:2"],
    ["2001:db8::6", "2001:db8:0:0"],
    ["fe80::1%eth0", "fe80:0:0:0"],
    ["2001:0DB8:0001:2::", "2001:db8:1:2"],
    ["2001:db8:1:2:0:0:0:1", "2001:db8:1:2"],
    ["::ffff:c000:201", "192.0.2.1"],
    ["::ffff:7f00:1", undefined],
    ["0:0:0:0:0:0:0:1", undefined],
    ["unknown", "unknown"],
  ])("from %s count as %s", (address, key) => {
    expect(addressKey(address)).toBe(key);
  });

  it("are held to so many an address, and given back", () => {
    const connections = new Connections({ connections: 10, connectionsPerAddress: 2, patternsPerProcess: 1, patternsPerAddress: 1 });
    const nothing = { matchers: [] };
    const close = connections.open("192.0.2.1", nothing);
    connections.open("192.0.2.1", nothing);
    expect(() => connections.open("192.0.2.1", nothing)).toThrow(expect.objectContaining({ code: "too_many_connections" }));
    connections.open("192.0.2.2", nothing);
    for (let i = 0; i < 3; i++) connections.open("127.0.0.1", nothing);
    close();
    connections.open("192.0.2.1", nothing);
  });
});
