import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { bundle } from "../support/bundle.ts";

const FRAMEWORKS = ["react", "solid-js", "svelte", "vue"];

/** Most bytes of what a page loads, minified and with gzip at level 9. Frameworks are the page's own. */
const LIMITS: readonly (readonly [code: string, maxBytes: number])[] = [
  // The aim is 6,000.
  ['export { connect } from "artesian-client";', 10_920],
  ['export { connectTopics } from "artesian-client";', 9320],
  // The aim is 3,500.
  ['export { subscribe } from "artesian-client";', 4840],
  ['export * from "artesian-client/react";', 1000],
  ['export * from "artesian-client/vue";', 1000],
  ['export * from "artesian-client/svelte";', 1000],
  ['export * from "artesian-client/solid";', 1000],
];

test.each(LIMITS)("%s takes at most %i bytes", async (code, maxBytes) => {
  const minified = await bundle(code, { external: FRAMEWORKS });
  expect(gzipSync(minified, { level: 9 }).length).toBeLessThanOrEqual(maxBytes);
});
