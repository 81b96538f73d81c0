import { describe, expect, test } from "vitest";
import { OVERDUE_MS, Tally } from "../../../demo/src/landing/page/layers/tally.ts";

/** A tally that sent so many numbers, all acknowledged at the time 0. */
function sent(count: number): Tally {
  const tally = new Tally();
  for (let i = 0; i < count; i++) tally.acknowledge(tally.send(), 0);
  return tally;
}

describe("the demonstration's tally", () => {
  test("has nothing lost or repeated when each number arrives once", () => {
    const tally = sent(3);
    tally.setOpened(-1);
    for (const number of [1, 2, 3]) tally.receive(number);
    expect(tally.counts(1, 10)).toMatchObject({ sent: 3, received: 3, lost: 0, repeated: 0 });
    expect(tally.isComplete).toBe(true);
  });

  test("counts a number that is passed over as lost, until it arrives", () => {
    const tally = sent(3);
    tally.setOpened(-1);
    tally.receive(1);
    tally.receive(3);
    expect(tally.counts(1, 10)).toMatchObject({ received: 2, lost: 1, repeated: 0 });
    expect(tally.counts(1, 10).newest.map(({ fate }) => fate)).toEqual(["live", "lost", "live"]);
    tally.receive(2);
    expect(tally.counts(1, 10)).toMatchObject({ received: 3, lost: 0 });
  });

  test("counts each further arrival as repeated, and the number once", () => {
    const tally = sent(2);
    tally.setOpened(-1);
    for (const number of [1, 2, 2, 1, 1]) tally.receive(number);
    expect(tally.counts(1, 10)).toMatchObject({ sent: 2, received: 2, lost: 0, repeated: 3 });
  });

  test("counts the last numbers as lost when a live stream has not brought them for long", () => {
    const tally = sent(2);
    tally.setOpened(1000);
    tally.receive(1);
    expect(tally.counts(1000 + OVERDUE_MS, 10).lost).toBe(0);
    expect(tally.counts(1001 + OVERDUE_MS, 10).lost).toBe(1);
    // A stream that is away may still bring it.
    tally.setOpened(undefined);
    expect(tally.counts(1001 + OVERDUE_MS, 10).lost).toBe(0);
  });

  test("knows a replay by an acknowledgement from before the stream was opened", () => {
    const tally = sent(2);
    tally.setOpened(10);
    tally.receive(1);
    tally.receive(2);
    const third = tally.send();
    tally.acknowledge(third, 20);
    tally.receive(third);
    // Its acknowledgement was lost with the server.
    tally.receive(tally.send());
    expect(tally.replayed).toBe(2);
    expect(tally.counts(30, 3).newest).toEqual([
      { number: 2, fate: "replayed", isRepeated: false },
      { number: 3, fate: "live", isRepeated: false },
      { number: 4, fate: "live", isRepeated: false },
    ]);
  });

  test("ignores a number that was never sent", () => {
    const tally = sent(1);
    tally.receive(7);
    tally.receive(Number.NaN);
    expect(tally.counts(0, 10)).toMatchObject({ sent: 1, received: 0, lost: 0, repeated: 0 });
  });
});
