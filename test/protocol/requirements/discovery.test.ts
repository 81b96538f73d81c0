import { describe, expect, test } from "vitest";
import { openStream } from "../../support/stream.ts";
import { HUB, METADATA, post, startOpen, startSecured } from "./support.ts";

const WELL_KNOWN = "/.well-known/oauth-protected-resource";
const metadataOf = async (origin: string, path = "/.well-known/mercure"): Promise<Record<string, unknown>> =>
  (await (await fetch(origin + WELL_KNOWN + path)).json()) as Record<string, unknown>;

describe("Hub Discovery", () => {
  test("DISC-01: the hub is at the well-known path by default", async () => {
    const { hub, origin } = await startOpen({ url: undefined });
    expect(new URL(hub.url).pathname).toBe("/.well-known/mercure");
    expect((await openStream(`${origin}/.well-known/mercure?match=a`)).response.status).toBe(200);
    expect((await post(`${origin}/.well-known/mercure`, { topic: "a" })).status).toBe(200);
  });

  test("DISC-02: the hub may be at any other path", async () => {
    const { origin } = await startOpen({ url: "https://hub.example/live/hub" });
    expect((await openStream(`${origin}/live/hub?match=a`)).response.status).toBe(200);
    expect((await post(`${origin}/live/hub`, { topic: "a" })).status).toBe(200);
    expect((await fetch(`${origin}/.well-known/mercure?match=a`)).status).toBe(404);
  });

  test("DISC-09: a resource can name the hub in its Link field, with the cursor from which nothing is missed", async () => {
    const { hub, url } = await startOpen();
    await hub.publish({ topic: "/books/1", data: "before" });
    const link = hub.link({ contentType: "application/ld+json" });
    await hub.publish({ topic: "/books/1", data: "after" });
    const [, target, cursor = ""] =
      /^<([^>]+)>; rel="mercure"; last-event-id="([^"]+)"; content-type="application\/ld\+json"$/.exec(link) ?? [];
    expect(target).toBe(HUB);
    const stream = await openStream(`${url}?${new URLSearchParams({ match: "/books/1", last_event_id: cursor })}`);
    expect((await stream.next()).data).toBe("after");
  });
});

describe("Protected Resource Metadata", () => {
  test("DISC-03: the metadata is at the path that follows from the hub's URL", async () => {
    const { origin } = await startOpen();
    const answer = await fetch(`${origin}${WELL_KNOWN}/.well-known/mercure`);
    expect([answer.status, answer.headers.get("content-type")]).toEqual([200, "application/json"]);
    const other = await startOpen({ url: "https://hub.example/live/hub" });
    expect(await metadataOf(other.origin, "/live/hub")).toMatchObject({ resource: "https://hub.example/live/hub" });
  });

  test("DISC-04: the metadata has the resource identifier that tokens are made for", async () => {
    const { origin } = await startSecured();
    expect(await metadataOf(origin)).toMatchObject({ resource: HUB });
  });

  test("DISC-05: the metadata lists the type of authorization details", async () => {
    const { origin } = await startOpen();
    expect(await metadataOf(origin)).toMatchObject({
      authorization_details_types_supported: ["https://mercure.rocks/authorization-detail"],
    });
  });

  test("DISC-06: the metadata lists the header as the only bearer method, and names the cookie apart", async () => {
    const { origin } = await startOpen();
    expect(await metadataOf(origin)).toMatchObject({
      bearer_methods_supported: ["header"],
      mercure_cookie: "__Secure-mercure_access_token",
    });
  });

  test("DISC-07: the metadata says so when subscriptions are tracked, and else nothing of it", async () => {
    expect(await metadataOf((await startOpen()).origin)).not.toHaveProperty("mercure_subscriptions");
    expect(await metadataOf((await startOpen({ subscriptions: true })).origin)).toMatchObject({ mercure_subscriptions: true });
  });

  test("DISC-08: the challenge for a request without a token points to the metadata", async () => {
    const { url } = await startSecured();
    const answer = await fetch(`${url}?match=a`);
    expect(answer.headers.get("www-authenticate")).toBe(`Bearer resource_metadata="${METADATA}"`);
  });
});
