import { describe, expect, test } from "vitest";
import { startHub } from "../../support/server.ts";

function post(url: string, body: string, contentType = "application/json"): Promise<Response> {
  return fetch(url, { method: "POST", body, headers: { "content-type": contentType } });
}

describe("asciiIds", () => {
  test.each(["水", "é", "a😀", "\u00a0"])("refuses %j as an event id", async (id) => {
    const { url, hub } = await startHub({ asciiIds: true });
    const bodies = [JSON.stringify({ topic: "a", id }), JSON.stringify([{ topic: "a" }, { topic: "a", id }])];
    for (const body of bodies) {
      const response = await post(url, body);
      expect([response.status, await response.json()]).toEqual([400, expect.objectContaining({ code: "invalid_id" })]);
    }
    expect((await post(url, new URLSearchParams({ topic: "a", id }).toString(), "application/x-www-form-urlencoded")).status).toBe(400);
    await expect(hub.publish({ topic: "a", id })).rejects.toMatchObject({ code: "invalid_id" });
    expect(hub.stats().published).toBe(0);
  });

  test("lets ASCII through, ids of the hub's own, and any data, topic and type", async () => {
    const { url } = await startHub({ asciiIds: true });
    for (const update of [
      { topic: "a", id: "urn:uuid:1 ~" },
      { topic: "水", type: "é", data: "😀" },
    ]) {
      expect((await post(url, JSON.stringify(update))).status).toBe(200);
    }
  });

  test("is off by default", async () => {
    const { url } = await startHub();
    expect(await (await post(url, JSON.stringify({ topic: "a", id: "水" }))).text()).toBe("水");
  });
});
