import { chmodSync, existsSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { temporaryDirectory } from "../support/directory.ts";
import { runToEnd, start } from "./command.ts";

interface Listed {
  readonly file: string;
  readonly issuer: string;
  readonly keys: readonly { readonly kid: string; readonly alg: string; readonly made?: string; readonly signs: boolean }[];
}

const HUB = ["--resource-identifier", "https://hub.example/.well-known/mercure"];

/** A directory with a key file, and the command run in it. */
async function withKeys(...flags: string[]) {
  const cwd = temporaryDirectory();
  const run = (...args: string[]): ReturnType<typeof runToEnd> => runToEnd(args, { cwd });
  const ok = async (...args: string[]): Promise<string> => {
    const { code, stdout, stderr } = await run(...args);
    expect({ args, code, stderr }).toEqual({ args, code: 0, stderr: "" });
    return stdout.trim();
  };
  await ok("keys", "create", ...flags);
  return {
    file: join(cwd, "data", "keys.json"),
    cwd,
    run,
    ok,
    list: async (): Promise<Listed> => JSON.parse(await ok("keys", "list", "--json")) as Listed,
    mint: () => ok("token", "mint", ...HUB, "--publish", "a"),
    accepts: async (token: string): Promise<boolean> => (await run("token", "inspect", ...HUB, token)).code === 0,
  };
}

const kidOf = (token: string): unknown =>
  (JSON.parse(Buffer.from(token.split(".")[0] ?? "", "base64url").toString()) as { kid?: unknown }).kid;

describe("artesian keys", () => {
  test("add, rotate and remove: tokens overlap, and the file stays readable by this user alone", async () => {
    const { file, ok, run, list, mint, accepts } = await withKeys();
    const { issuer, keys } = await list();
    expect(keys).toMatchObject([{ alg: "HS256", signs: true }]);
    const [first] = keys.map(({ kid }) => kid);
    const old = await mint();
    expect(kidOf(old)).toBe(first);

    expect(await ok("keys", "add", "--alg", "ES256")).toContain("It does not sign yet.");
    const added = (await list()).keys[1];
    expect(added).toMatchObject({ alg: "ES256", signs: false });
    expect(kidOf(await mint())).toBe(first);

    await ok("keys", "rotate", added?.kid ?? "");
    const next = await mint();
    expect(kidOf(next)).toBe(added?.kid);
    expect([await accepts(old), await accepts(next)]).toEqual([true, true]);

    expect(await run("keys", "remove", added?.kid ?? "")).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("artesian keys rotate KID"),
    });
    await ok("keys", "remove", first ?? "");
    expect([await accepts(old), await accepts(next)]).toEqual([false, true]);
    expect(await list()).toMatchObject({ issuer, keys: [{ kid: added?.kid, signs: true }] });
    expect(await run("keys", "remove", added?.kid ?? "")).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("artesian keys rotate\n"),
    });
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(existsSync(`${file}.new`)).toBe(false);
  });

  test.each(["HS256", "ES256", "EdDSA"])("rotate makes a key of the present algorithm, %s", async (alg) => {
    const { list, ok, mint } = await withKeys("--alg", alg);
    const before = Date.now() - 1000;
    await ok("keys", "rotate");
    const { keys } = await list();
    expect(keys).toMatchObject([
      { alg, signs: true },
      { alg, signs: false },
    ]);
    expect(Date.parse(keys[0]?.made ?? "")).toBeGreaterThan(before);
    expect(kidOf(await mint())).toBe(keys[0]?.kid);
  });

  test("list prints no secret, and names keys without a kid by their place", async () => {
    const { file, ok, run, list } = await withKeys();
    const content = JSON.parse(readFileSync(file, "utf8")) as { issuer: string; keys: { kid?: string; iat?: number; k: string }[] };
    const [key] = content.keys;
    await ok("keys", "add");
    const { keys } = JSON.parse(readFileSync(file, "utf8")) as typeof content;
    writeFileSync(file, JSON.stringify({ ...content, keys: keys.map((one) => ({ ...one, kid: undefined, iat: undefined })) }));
    const text = await ok("keys", "list");
    expect(text).toContain(content.issuer);
    expect(text).toMatch(/^#1 {2}HS256 {2}- +signs new tokens\n#2 {2}HS256 {2}- +accepted$/m);
    expect(text).not.toContain(key?.k.slice(0, 12));
    await ok("keys", "rotate", "#2");
    expect(await run("keys", "remove", "#3")).toMatchObject({ code: 2, stderr: expect.stringContaining("artesian keys list") });
    await ok("keys", "remove", "#2");
    expect((await list()).keys).toHaveLength(1);
    expect(JSON.parse(readFileSync(file, "utf8"))).toMatchObject({ keys: [{ k: keys[1]?.k }] });
  });

  test("commands at the same time lose no key, and one that was cut off is named", async () => {
    const { cwd, file, run, list } = await withKeys();
    const runs = Array.from({ length: 4 }, () => start(["keys", "add"], { cwd }));
    const codes = await Promise.all(runs.map(({ exit }) => exit));
    const added = codes.filter((code) => code === 0).length;
    expect(added).toBeGreaterThan(0);
    expect((await list()).keys).toHaveLength(1 + added);
    writeFileSync(`${file}.new`, "");
    const refused = await run("keys", "rotate");
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain("delete that file");
    expect((await list()).keys).toHaveLength(1 + added);
    rmSync(`${file}.new`);
    expect((await run("keys", "rotate")).code).toBe(0);
  });

  test("a damaged file is left as it is, and its secret is not repeated", async () => {
    const { file, run } = await withKeys();
    const damaged = readFileSync(file, "utf8").slice(0, -4);
    writeFileSync(file, damaged);
    for (const args of [["list"], ["add"], ["rotate"], ["remove", "x"]]) {
      const { code, stderr } = await run("keys", ...args);
      expect([args, code]).toEqual([args, 2]);
      expect(stderr).toContain("is not JSON");
    }
    expect(readFileSync(file, "utf8")).toBe(damaged);
    expect(existsSync(`${file}.new`)).toBe(false);
  });

  test.skipIf(process.getuid?.() !== 0)("root leaves the file to its user", async () => {
    const { file, ok } = await withKeys();
    const { chownSync } = await import("node:fs");
    chownSync(file, 12_345, 12_345);
    chmodSync(file, 0o600);
    await ok("keys", "rotate");
    expect(statSync(file)).toMatchObject({ uid: 12_345, gid: 12_345 });
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });
});
