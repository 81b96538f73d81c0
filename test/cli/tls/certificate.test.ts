import { copyFileSync, renameSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { temporaryDirectory } from "../../support/directory.ts";
import { runToEnd, startServer } from "../command.ts";
import { ask, type Files, makeFiles, openSession, replaceFiles, shownSerial, startSecure, subscribe } from "./certificates.ts";

describe.each([
  ["one process", 1, []],
  ["two workers", 2, ["--workers", "2"]],
])("a server with a certificate, %s", (_, processes, args) => {
  test("takes a renewed certificate by itself, and keeps the present one while the new can't be used", { timeout: 120_000 }, async () => {
    const [files, renewed, third] = [makeFiles(), makeFiles(), makeFiles()];
    const first = files.serial();
    const { run, url } = await startSecure(files, ...args);
    const session = openSession(url, files);
    const received = await subscribe(session, "a");
    expect(await shownSerial(url)).toBe(first);
    const taken = (): number => run.stderr.match(/the TLS certificate has changed; new connections use it/g)?.length ?? 0;
    replaceFiles(files, renewed);
    await expect.poll(taken, { timeout: 30_000 }).toBe(processes);
    expect(await shownSerial(url)).toBe(renewed.serial());
    // The key alone, as while a renewal is under way.
    copyFileSync(third.key, files.key);
    await run.waitFor("stderr", /can't be used; the present one stays/);
    expect(await shownSerial(url)).toBe(renewed.serial());
    replaceFiles(files, third);
    await expect.poll(taken, { timeout: 30_000 }).toBe(2 * processes);
    expect(await shownSerial(url)).toBe(third.serial());
    expect(await ask(openSession(url, third), "/health/live")).toMatchObject({ status: 200 });
    // The open connection stays.
    await ask(session, "/events/stream", { topic: "a", data: "still" });
    await expect.poll(received).toContain("data: still\n");
  });

  test("reads the certificate again at SIGHUP, with the settings or not at all", { timeout: 120_000 }, async () => {
    const [files, renewed] = [makeFiles(), makeFiles()];
    const first = files.serial();
    const directory = temporaryDirectory();
    const config = join(directory, "artesian.json");
    const { cert: tlsCert, key: tlsKey } = files;
    writeFileSync(config, JSON.stringify({ tlsCert, tlsKey, logLevel: "info" }));
    const { run, url } = await startServer(["--config", config, "--data", directory, ...args]);
    replaceFiles(files, renewed);
    run.child.kill("SIGHUP");
    await run.waitFor("stderr", /SIGHUP: settings and keys are as before/);
    await run.waitFor("stderr", /the TLS certificate has changed; new connections use it/);
    expect(await shownSerial(url)).toBe(renewed.serial());
    expect(first).not.toBe(renewed.serial());
    truncateSync(files.key, 50);
    writeFileSync(config, JSON.stringify({ tlsCert, tlsKey, logLevel: "debug" }));
    run.child.kill("SIGHUP");
    await run.waitFor("stderr", /no private key that can be used.*SIGHUP: settings and keys can't be taken over, so nothing was changed/);
    expect(await shownSerial(url)).toBe(renewed.serial());
  });
});

test("files that are gone are logged once, and the present certificate stays", { timeout: 120_000 }, async () => {
  const files = makeFiles();
  const { run, url } = await startSecure(files);
  const serial = files.serial();
  renameSync(files.cert, `${files.cert}.away`);
  await run.waitFor("stderr", /there is no such file\..*can't be used; the present one stays/);
  expect(await shownSerial(url)).toBe(serial);
  renameSync(`${files.cert}.away`, files.cert);
});

test("a certificate that expires soon, or has, is logged", async () => {
  const { run } = await startSecure(makeFiles(undefined, 3));
  await run.waitFor("stderr", /the TLS certificate expires in [23] days/);
});

describe("a certificate that can't be used keeps the server from starting, and `config check` says so too:", () => {
  const CASES: Readonly<Record<string, (files: Files, other: Files) => readonly [args: string[], message: RegExp]>> = {
    "no key": ({ cert }) => [["--tls-cert", cert], /--tls-cert .*: a certificate and its key are given together\. Add --tls-key/],
    "no certificate": ({ key }) => [["--tls-key", key], /--tls-key .*: a certificate and its key are given together\. Add --tls-cert/],
    "a missing file": ({ key }) => [["--tls-cert", "missing.pem", "--tls-key", key], /--tls-cert .*: missing\.pem: there is no such file/],
    "the key of another": ({ cert }, other) => [["--tls-cert", cert, "--tls-key", other.key], /is not that of the certificate in/],
    "the two exchanged": ({ cert, key }) => [["--tls-cert", key, "--tls-key", cert], /--tls-cert .*: .* holds no certificate/],
    "a key that is none": ({ cert }) => [["--tls-cert", cert, "--tls-key", cert], /--tls-key .*: .* holds no private key that can be used/],
  };
  test.each(Object.keys(CASES))("%s", async (name) => {
    const [args, message] = (CASES[name] as (typeof CASES)[string])(makeFiles(), makeFiles());
    const open = ["--anonymous", "--anonymous-publish", ...args];
    for (const command of [
      ["serve", "--port", "0"],
      ["config", "check"],
    ]) {
      const { code, stdout, stderr } = await runToEnd([...command, ...open]);
      expect(`${stdout}${stderr}`).toMatch(message);
      expect(code).toBe(command[0] === "serve" ? 2 : 1);
    }
  });
});
