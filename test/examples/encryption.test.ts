import { expect, it } from "vitest";
import { openPage } from "../browser/support.ts";
import { openStream } from "../support/stream.ts";
import { startExample } from "./example.ts";

it("encryption/server.mjs sends what its reader alone can read", async () => {
  const app = await startExample("encryption/server.mjs");
  const page = await openPage();
  await page.goto(`${app.origin}/?name=ada`);
  await page.getByText("/users/ada").waitFor();
  const hub = await openStream(`${app.url}?match=/users/ada`);
  const notify = (name: string): Promise<Response> =>
    fetch(`${app.origin}/notify/${name}`, { method: "POST", body: JSON.stringify({ text: "密信: a secret" }) });
  await expect.poll(async () => (await notify("ada")).status).toBe(200);
  await page.getByRole("listitem").filter({ hasText: "密信: a secret" }).first().waitFor();
  const { data } = await hub.next();
  expect(data.split(".")).toHaveLength(5);
  expect(Buffer.from(data, "base64url").toString()).not.toContain("secret");
  expect(
    await (await fetch(`${app.url}?match=*&last_event_id=earliest&wait=0s`, { headers: { Accept: "application/json" } })).text(),
  ).not.toContain("secret");
  expect((await notify("bob")).status).toBe(404);
  // What a stranger may send.
  expect((await fetch(`${app.origin}/keys/eve`, { method: "PUT", body: "no JSON" })).status).toBe(400);
  expect((await fetch(`${app.origin}/keys/eve`, { method: "PUT", body: "{}" })).status).toBe(400);
  expect((await fetch(`${app.origin}//`)).status).toBe(200);
});
