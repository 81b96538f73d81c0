import type { ExpectStatic } from "vitest";
import type { Measured } from "./measure.ts";

/** Generous: an event takes milliseconds where nothing holds it back. Heartbeats leave later than this, so none can push an event through. */
const PROMPT_MS = 2000;

/** @throws If an event was not heard in time. */
export function expectPromptness(expect: ExpectStatic, measured: Measured): void {
  expect(measured).toEqual({ first: expect.any(Number), second: expect.any(Number), third: expect.any(Number) });
  for (const [event, ms] of Object.entries(measured)) expect(ms, event).toBeLessThan(PROMPT_MS);
}
