import { describe, expect, it } from "vitest";
import { HubError } from "../../../packages/hub/src/core/errors.ts";
import { SILENT } from "../../../packages/hub/src/core/logger.ts";
import { OutageLog } from "../../../packages/hub/src/core/journal/outage-log.ts";

const AWAY = new HubError("journal_unavailable", "The journal cannot be reached.", { cause: new Error("ECONNREFUSED") });

function record(periodMs?: number): { outage: OutageLog; lines: { level: string; fields: object; text: string }[] } {
  const lines: { level: string; fields: object; text: string }[] = [];
  const write =
    (level: string) =>
    (fields: object, text: string): void =>
      void lines.push({ level, fields, text });
  return { outage: new OutageLog({ ...SILENT, warn: write("warn"), error: write("error") }, periodMs), lines };
}

describe("the log of an outage", () => {
  it("has a line at the loss and one at the return, however many requests fail", () => {
    const { outage, lines } = record();
    for (let i = 0; i < 1000; i++) outage.failed(AWAY);
    outage.succeeded();
    outage.succeeded();
    expect(lines).toEqual([
      {
        level: "error",
        text: "the journal fails; writes that cannot be kept are refused until it works again",
        fields: { code: "journal_unavailable", detail: AWAY.message, err: AWAY.cause, failures: 1 },
      },
      { level: "warn", text: "the journal works again", fields: { failures: 1000, lastedMs: expect.any(Number) as number } },
    ]);
  });

  it("has a line in each period, with the failures since", async () => {
    const { outage, lines } = record(40);
    for (let i = 0; i < 10; i++) outage.failed(AWAY);
    await expect.poll(() => lines.length).toBe(2);
    expect(lines[1]).toMatchObject({ level: "error", text: "the journal still fails", fields: { failures: 9 } });
    for (let i = 0; i < 3; i++) outage.failed(AWAY);
    await expect.poll(() => lines.length).toBe(3);
    expect(lines[2]).toMatchObject({ fields: { failures: 3 } });
    outage.succeeded();
    expect(lines[3]).toMatchObject({ text: "the journal works again", fields: { failures: 13 } });
  });

  it("does not end because one write succeeds while the journal says that it is away", () => {
    const { outage, lines } = record();
    outage.away(AWAY);
    outage.succeeded();
    expect(lines).toHaveLength(1);
    outage.away(undefined);
    expect(lines.map(({ text }) => text).at(-1)).toBe("the journal works again");
    expect(lines).toHaveLength(2);
  });

  it("of a journal that comes and goes has no more than two lines a period", () => {
    const { outage, lines } = record();
    for (let i = 0; i < 1000; i++) {
      outage.failed(AWAY);
      outage.succeeded();
    }
    expect(lines).toHaveLength(2);
  });
});
