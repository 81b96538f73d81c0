import { expect, it, onTestFinished } from "vitest";
import { HubCore } from "../../packages/hub/src/core/hub-core.ts";
import { opaqueIds } from "../../packages/hub/src/http/opaque-ids.ts";
import { SHARED_ENGINES } from "../support/two-journals.ts";
import { ModelReader } from "../core/hub-model-support.ts";

it.each(Object.entries(SHARED_ENGINES))("an opaque id of one process is good at another, on %s", async (_name, openTwo) => {
  const idCipher = opaqueIds("the secret that both processes have");
  const hubs = (await openTwo()).map((journal) => new HubCore({ journal, idCipher, drainMs: 20 }));
  onTestFinished(async () => void (await Promise.all(hubs.map((hub) => hub.close()))));
  const reader = new ModelReader({ topics: ["*"], isTrusted: false });
  const published: string[] = [];
  for (let i = 0; i < 20; i++) {
    const [here, there] = i % 2 === 0 ? hubs : hubs.toReversed();
    if (here === undefined || there === undefined) throw new Error("There are not two.");
    await reader.connect(here);
    published.push(`live ${i}`);
    const id = await there.publisher.publish({ topic: `t${i % 5}`, data: `live ${i}` }, { idempotencyKey: `${i}` });
    await expect.poll(() => reader.received.length).toBe(published.length);
    expect(id).toMatch(/^#[\w-]{22,}$/);
    expect(await here.publisher.publish({ topic: `t${i % 5}`, data: `live ${i}` }, { idempotencyKey: `${i}` })).toBe(id);
    expect(await here.process.explain(id)).toMatchObject({ topics: [`t${i % 5}`] });
    reader.disconnect();
    expect(reader.lastEventId).toMatch(/^#[\w-]{22,}$/);
    published.push(`missed ${i}`);
    await here.publisher.publish({ topic: `t${(i + 1) % 5}`, data: `missed ${i}` });
  }
  await reader.connect(hubs[1] as HubCore);
  await expect.poll(() => reader.received.length).toBe(published.length);
  expect(reader.received).toEqual(published);
  expect(reader.gaps).toBe(0);
});
