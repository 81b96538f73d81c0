import type { HubOptions } from "artesian";
import { expect, it, onTestFinished } from "vitest";
import { startHub } from "../../support/server.ts";
import { bearer, exact, mint, TRUSTING } from "../../support/tokens.ts";
import { HUB_PATH, type Judge, judgeOf, readDocument } from "./support.ts";

interface Message {
  readonly contentType: string;
  readonly headers: { readonly properties: Readonly<Record<string, { readonly const?: string }>> };
  readonly payload: object;
}

interface AsyncApi {
  readonly channels: { readonly events: { readonly address: string; readonly messages: Readonly<Record<string, object>> } };
  readonly components: { readonly messages: Readonly<Record<string, Message>> };
}

const OPTIONS: HubOptions = { ...TRUSTING, apiDescription: true, subscriptions: true, anonymousPublish: true };

/** The fields of each event in the text of a stream. Comments and reconnection times alone are left out. */
function eventsOf(text: string): readonly { readonly fields: Record<string, unknown>; readonly data: string }[] {
  const blocks = text.replaceAll(/^:.*\n/gm, "").split("\n\n");
  return blocks.flatMap((block) => {
    const lines = block
      .split("\n")
      .filter(Boolean)
      .map((line) => [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 2)] as const);
    const valuesOf = (name: string): readonly string[] => lines.filter(([field]) => field === name).map(([, value]) => value);
    if (valuesOf("data").length === 0) return [];
    const fields: Record<string, unknown> = {};
    for (const [name, value] of lines) {
      if (name === "topics") fields["topics"] = valuesOf("topics");
      else if (name !== "data") fields[name] = name === "retry" ? Number(value) : value;
    }
    return [{ fields, data: valuesOf("data").join("\n") }];
  });
}

/** The message of an event: by its type, or the update. */
function messageOf({ components: { messages } }: AsyncApi, type: unknown): readonly [name: string, message: Message] {
  const found = Object.entries(messages).find(([, { headers }]) => headers.properties["event"]?.const === type);
  return found ?? (["update", messages["update"]] as [string, Message]);
}

function faultsOf(
  judge: Judge,
  document: AsyncApi,
  event: ReturnType<typeof eventsOf>[number],
): readonly [name: string, ...faults: string[]] {
  const [name, { headers, payload, contentType }] = messageOf(document, event.fields["event"]);
  const data: unknown = contentType === "application/json" ? JSON.parse(event.data) : event.data;
  return [name, ...judge(headers, event.fields), ...judge(payload, data)];
}

it("describes each event of a real stream, and no event that the hub does not send", async () => {
  const { hub, origin, url } = await startHub(OPTIONS);
  const document = await readDocument<AsyncApi>(origin, "asyncapi");
  expect(document.channels.events.address).toBe(HUB_PATH);
  const judge = judgeOf(document);
  const seen = new Map<string, string[]>();
  const judgeEvents = (text: string): void => {
    for (const event of eventsOf(text)) {
      const [name, ...faults] = faultsOf(judge, document, event);
      seen.set(name, [...(seen.get(name) ?? []), ...faults]);
    }
  };
  const token = await mint({ subscribe: [exact("*")], lifetimeSeconds: 8 });
  const follow = async (query: string): Promise<{ readonly ended: Promise<void> }> => {
    const controller = new AbortController();
    onTestFinished(() => controller.abort());
    const { body } = await fetch(`${url}?${query}`, { headers: bearer(token), signal: controller.signal });
    const read = async (): Promise<void> => {
      const decoder = new TextDecoder();
      let text = "";
      for await (const chunk of body ?? []) {
        text += decoder.decode(chunk, { stream: true });
        const whole = text.lastIndexOf("\n\n") + 1;
        judgeEvents(text.slice(0, whole));
        text = text.slice(whole);
      }
    };
    return { ended: read() };
  };
  const streams = [
    await follow(`match=a&match_urlpattern=${HUB_PATH}/subscriptions/*&fields=topics&last_event_id=gone`),
    // Begins with a cursor.
    await follow("match=a"),
  ];
  await hub.publish({ topic: ["a", "b"], data: "one\ntwo", type: "changed", retry: 2000, id: "own" });
  await hub.publish({ topic: "a" });
  await expect.poll(() => [...seen.keys()].toSorted()).toEqual(["cursor", "expiring", "gap", "subscription", "update"]);
  await hub.close();
  await Promise.all(streams.map(({ ended }) => ended));
  for (const [name, faults] of seen) expect(faults, name).toEqual([]);
  expect([...seen.keys()].toSorted()).toEqual(Object.keys(document.channels.events.messages).toSorted());
});

it("describes the stream of a request that is turned away", async () => {
  const { origin, url } = await startHub({ ...OPTIONS, anonymous: true, connections: 1 });
  const document = await readDocument<AsyncApi>(origin, "asyncapi");
  const judge = judgeOf(document);
  const controller = new AbortController();
  onTestFinished(() => controller.abort());
  expect((await fetch(`${url}?match=a`, { signal: controller.signal })).status).toBe(200);
  const refused = await fetch(`${url}?match=a`, { headers: { Accept: "text/event-stream" } });
  const events = eventsOf(await refused.text());
  expect(events).toEqual([
    {
      fields: { event: "hub:drain", retry: expect.any(Number) as unknown },
      data: expect.stringContaining('"code":"overloaded"') as unknown,
    },
  ]);
  for (const event of events) expect(faultsOf(judge, document, event)).toEqual(["drain"]);
});
