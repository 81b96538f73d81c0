import { expect, test } from "vitest";
import { createGrouping } from "../../../demo/src/chat/page/group-messages.ts";
import type { ChatMessage } from "../../../demo/src/chat/server/wire.ts";

const NOON = new Date(2026, 10, 29, 12).getTime();

function message(index: number, nickname = "Ada"): ChatMessage {
  return { id: `message-${index}`, nickname, text: `text ${index}`, at: NOON + index * 1000, visitor: nickname };
}

test("a group stays the same object until its messages change, and keeps its key when they do", () => {
  const group = createGrouping();
  const messages = [message(1), message(2), message(3, "Grace"), message(4, "Grace")];
  const [ada, grace] = group(messages, undefined);
  expect(group([...messages], undefined)).toEqual([ada, grace]);
  const [sameAda, longerGrace] = group([...messages, message(5, "Grace")], undefined);
  expect(sameAda).toBe(ada);
  expect(longerGrace).not.toBe(grace);
  expect(longerGrace?.key).toBe(grace?.key);
  // The oldest messages are dropped, and earlier ones fetched.
  expect(group(messages.slice(1), undefined)[0]?.key).toBe(ada?.key);
  const fetched = group([message(0), ...messages], undefined);
  expect(fetched.map(({ key }) => key)).toEqual([ada?.key, grace?.key]);
  // The mark above new messages divides a group.
  const divided = group(messages, "message-2");
  expect(new Set(divided.map(({ key }) => key)).size).toBe(3);
});

test("a day, a pause and another author begin a group", () => {
  const day = 86_400_000;
  const messages = [message(1), { ...message(2), at: NOON + 10 * 60_000 }, message(900), { ...message(3), at: NOON + day }];
  const groups = createGrouping()(messages, undefined);
  expect(groups.map(({ newDay }) => newDay)).toEqual([true, false, true]);
});
