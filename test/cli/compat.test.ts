import { expect, test } from "vitest";
import { compatToken } from "../support/compat-token.ts";
import { messagesIn, runToEnd, send, startServer } from "./command.ts";

const SECRET = "!ChangeThisMercureHubJWTSecretKey!";
const KEYS = ["--issuer", "https://php.example", "--jwt-key", SECRET];
const FORM = { "content-type": "application/x-www-form-urlencoded" };
const TOKEN = compatToken({ mercure: { publish: ["/books/{id}"] } }, SECRET);

test("serve takes tokens of Mercure 0.x with --compat 0.x, and warns once of what that weakens", async () => {
  const { run, url } = await startServer(["--journal", "memory", "--compat", "0.x", ...KEYS], { tokens: true });
  await run.waitFor("stderr", /"level":40,.*--compat 0\.x weakens authorization.*URLs.*audience.*issuer.*end/);
  const hub = `${url}/.well-known/mercure`;
  const publish = async (target: string, headers: Record<string, string>): Promise<number | undefined> =>
    (await send(target, { method: "POST", headers: { ...FORM, ...headers } }, "topic=/books/1")).status;
  expect(await publish(hub, { authorization: `Bearer ${TOKEN}` })).toBe(200);
  expect(await publish(`${hub}?authorization=${TOKEN}`, {})).toBe(200);
  expect(await publish(`${hub}?authorization=${TOKEN}x`, {})).toBe(401);
  expect(run.stderr.match(/"level":40/g)).toHaveLength(1);
  for (const part of TOKEN.split(".")) expect(run.stderr).not.toContain(part);
});

test("serve refuses them without it, and warns of nothing", async () => {
  const { run, url } = await startServer(["--journal", "memory", ...KEYS], { tokens: true });
  const answer = await send(
    `${url}/.well-known/mercure`,
    { method: "POST", headers: { ...FORM, authorization: `Bearer ${TOKEN}` } },
    "topic=/books/1",
  );
  expect(answer.status).toBe(401);
  expect(run.stderr).not.toContain('"level":40');
});

test("another version is refused", async () => {
  const { code, stderr } = await runToEnd(["serve", "--compat", "0.9"]);
  expect(code).toBe(2);
  expect(messagesIn(stderr)).toContain('--compat: "0.9" is not one of 0.x.');
});

test("token inspect explains them with --compat 0.x", async () => {
  const compat = await runToEnd(["token", "inspect", "--compat", "0.x", ...KEYS, TOKEN]);
  expect(compat).toMatchObject({ code: 0, stderr: "" });
  expect(compat.stdout).toMatch(/ok +typ +The header's typ is "JWT": a token of Mercure 0\.x\./);
  expect(compat.stdout).toMatch(/ok +exp +There is no exp, so the token never expires\./);
  expect(compat.stdout).toMatch(/ok +mercure +publish: uritemplate "\/books\/\{id\}"; subscribe: nothing\./);
  const modern = await runToEnd(["token", "inspect", ...KEYS, TOKEN]);
  expect(modern.code).toBe(1);
  expect(modern.stdout).toMatch(/refused +typ /);
});
