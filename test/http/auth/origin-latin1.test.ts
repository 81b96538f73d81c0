import { expect, test } from "vitest";
import { isOwnOrigin, originOfReferer, parseOrigin } from "../../../packages/hub/src/http/auth/origin.ts";

/** Field values arrive as Latin-1. These bytes are no host as they are, and one if they are taken for UTF-8. */
const NO_HOST = Buffer.from([0xe8, 0x8c, 0xb4]).toString("latin1");
/** A host as it is, and none if it is taken for UTF-8. */
const HOST = Buffer.from([0xe4]).toString("latin1");
/** After some 10,000 calls the functions are compiled. */
const CALLS = 50_000;

test("origins with characters above ASCII are judged alike, however often", () => {
  const request = { host: "example.com", fetchSite: undefined };
  for (let i = 0; i < CALLS; i++) {
    const [bad, good] = [`https://x${i % 100}${NO_HOST}`, `https://x${i % 100}${HOST}.example`];
    expect(isOwnOrigin(bad, "https://hub.example/", request)).toBe(false);
    expect([parseOrigin(bad), originOfReferer(`${bad}/page`)]).toEqual([undefined, undefined]);
    expect(originOfReferer(`${good}/page`)).toMatch(/^https:\/\/xn--x/);
  }
});
