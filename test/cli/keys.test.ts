import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import fs, {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { join } from "node:path";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { replaceFile } from "../../packages/hub/src/cli/keys/replace-file.ts";
import { temporaryDirectory } from "../support/directory.ts";
import { cleanEnv, MAIN, runToEnd, start } from "./command.ts";

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

/** Runs the command behind a shell's line. */
async function inShell(line: string, args: readonly string[], cwd: string): Promise<{ code: number | null; stderr: string }> {
  const child = spawn("sh", ["-c", line, "sh", process.execPath, MAIN, ...args], {
    cwd,
    env: cleanEnv(),
    stdio: ["ignore", "ignore", "pipe"],
  });
  let stderr = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  const [code] = (await once(child, "close")) as [number | null];
  return { code, stderr };
}

/** Runs the command with a bound on each written file, in blocks of 512 or 1,024 bytes. */
const limitedTo = (blocks: number, args: readonly string[], cwd: string): ReturnType<typeof inShell> =>
  inShell(`ulimit -f ${blocks}; exec "$@"`, args, cwd);

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
    chownSync(file, 12_345, 12_345);
    chmodSync(file, 0o600);
    await ok("keys", "rotate");
    expect(statSync(file)).toMatchObject({ uid: 12_345, gid: 12_345 });
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  test("a mode and a group that were widened stay, and the file is never wider than it was", async () => {
    const { file, ok, list } = await withKeys();
    const group = process.getgroups?.().find((one) => one !== process.getgid?.()) ?? (process.getuid?.() === 0 ? 12_345 : undefined);
    if (group !== undefined) chownSync(file, process.getuid?.() ?? 0, group);
    chmodSync(file, 0o640);
    const { gid } = statSync(file);
    for (const args of [["add"], ["rotate"]]) await ok("keys", ...args);
    const last = (await list()).keys.at(-1);
    await ok("keys", "remove", last?.kid ?? "");
    expect(statSync(file).mode & 0o777).toBe(0o640);
    expect(statSync(file).gid).toBe(gid);
    chmodSync(file, 0o400);
    await ok("keys", "add");
    expect(statSync(file).mode & 0o777).toBe(0o400);
  });

  test("a symbolic link stays, and the file that it names is changed", async () => {
    const { cwd, file, ok, list } = await withKeys();
    const elsewhere = join(cwd, "elsewhere");
    mkdirSync(elsewhere);
    const target = join(elsewhere, "secret.json");
    renameSync(file, target);
    symlinkSync(target, file);
    for (const args of [["add"], ["rotate"]]) await ok("keys", ...args);
    expect(lstatSync(file).isSymbolicLink()).toBe(true);
    expect((JSON.parse(readFileSync(target, "utf8")) as { keys: unknown[] }).keys).toHaveLength(3);
    await ok("keys", "create", "--force");
    expect(lstatSync(file).isSymbolicLink()).toBe(true);
    expect((await list()).keys).toHaveLength(1);
    expect(readdirSync(elsewhere)).toEqual(["secret.json"]);
    expect(readdirSync(join(cwd, "data"))).toEqual(["keys.json"]);
  });

  test("a disk that takes only a part of the file fails the command, and the old keys stay", async () => {
    const { cwd, file, list } = await withKeys();
    const content = JSON.parse(readFileSync(file, "utf8")) as { keys: object[] };
    const [key] = content.keys;
    // Larger than the limit of 4,096 bytes below.
    const keys = Array.from({ length: 30 }, (_, i) => ({ ...key, kid: `key-${i}` }));
    writeFileSync(file, JSON.stringify({ ...content, keys }));
    const before = readFileSync(file, "utf8");
    for (const args of [["rotate"], ["add"], ["remove", "key-9"]]) {
      const { code, stderr } = await limitedTo(4, ["keys", ...args], cwd);
      expect([args, code]).toEqual([args, 1]);
      expect(stderr).toContain("cannot be changed");
      expect(readFileSync(file, "utf8")).toBe(before);
    }
    expect((await list()).keys).toHaveLength(30);
    expect(readdirSync(join(cwd, "data"))).toEqual(["keys.json"]);
  });

  test("a key file that can't be written leaves no other file behind", async () => {
    const cwd = temporaryDirectory();
    const { code, stderr } = await limitedTo(0, ["keys", "create"], cwd);
    expect(code).toBe(1);
    expect(stderr).toContain("cannot be written");
    expect(readdirSync(join(cwd, "data"))).toEqual([]);
  });

  test.skipIf(!existsSync("/dev/full"))("a change is told on stderr if stdout can't be written", async () => {
    const { cwd, list } = await withKeys();
    const { code, stderr } = await inShell('exec "$@" > /dev/full', ["keys", "rotate"], cwd);
    const [first] = (await list()).keys;
    expect((await list()).keys).toHaveLength(2);
    expect(code).toBe(1);
    expect(stderr).toContain(`${first?.kid} signs new tokens`);
    expect(stderr).toContain("cannot be written");
  });

  test("an algorithm for a key of the file is refused", async () => {
    const { file, run, list } = await withKeys();
    const before = readFileSync(file, "utf8");
    const [key] = (await list()).keys;
    expect(await run("keys", "rotate", key?.kid ?? "", "--alg", "ES256")).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("--alg is for a new key"),
    });
    expect(readFileSync(file, "utf8")).toBe(before);
  });

  test("a pipe is no key file, and nobody waits for its writer", async () => {
    const { file, run } = await withKeys();
    rmSync(file);
    execFileSync("mkfifo", [file]);
    for (const args of [
      ["keys", "list"],
      ["keys", "rotate"],
      ["token", "mint", ...HUB, "--publish", "a"],
      ["token", "mint", ...HUB, "--publish", "a", "--issuer", "https://a.example", "--jwt-key", `file:${file}`],
      ["config", "check", "--config", file],
    ]) {
      const { code, stdout, stderr } = await run(...args);
      expect([args, code]).not.toEqual([args, 0]);
      expect(stdout + stderr).toContain("no regular file");
    }
  });
});

describe("replaceFile", () => {
  test("a file that another command makes after the rename stays", async () => {
    const { file } = await withKeys();
    const next = `${file}.new`;
    const watched = vi.spyOn(fs, "renameSync");
    watched.mockImplementationOnce((from, to) => {
      watched.mockRestore();
      renameSync(from, to);
      // The next command begins between this command's rename and its end.
      writeFileSync(next, "of another command");
    });
    syncBuiltinESMExports();
    onTestFinished(() => {
      watched.mockRestore();
      syncBuiltinESMExports();
    });
    replaceFile(file, () => ["new", undefined]);
    expect(readFileSync(file, "utf8")).toBe("new");
    expect(readFileSync(next, "utf8")).toBe("of another command");
  });
});
