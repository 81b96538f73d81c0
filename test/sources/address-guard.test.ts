import { createServer } from "node:http";
import { conditionalGet, type HttpError, isPublicAddress } from "artesian-sources";
import { describe, expect, test } from "vitest";
import { listen } from "../support/server.ts";

describe("a public address", () => {
  test.each(["8.8.8.8", "1.1.1.1", "172.15.0.1", "172.32.0.1", "2606:4700::1111", "2a00:1450:4001::1"])("%s is one", (address) => {
    expect(isPublicAddress(address)).toBe(true);
  });

  test.each([
    "0.0.0.0",
    "10.1.2.3",
    "100.64.0.1",
    "127.0.0.1",
    "127.255.255.254",
    "169.254.169.254",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.1.1",
    "192.0.2.1",
    "198.18.0.1",
    "224.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::ffff:127.0.0.1",
    "::ffff:8.8.8.8",
    "64:ff9b::7f00:1",
    "fe80::1",
    "fc00::1",
    "fd12::1",
    "ff02::1",
    "2001:db8::1",
    "2001::1",
    "2002:7f00:1::",
    "localhost",
    "",
  ])("%s is none", (address) => {
    expect(isPublicAddress(address)).toBe(false);
  });
});

describe("a request with allowAddress", () => {
  async function startServer(location?: string): Promise<{ readonly port: string; readonly asked: string[] }> {
    const asked: string[] = [];
    const server = createServer((req, res) => {
      asked.push(req.url ?? "");
      if (location === undefined || req.url !== "/go") res.end("document");
      else res.writeHead(302, { Location: location }).end();
    });
    return { port: new URL(await listen(server)).port, asked };
  }

  async function failure(url: string, allowAddress: (address: string) => boolean): Promise<HttpError["code"] | undefined> {
    return await conditionalGet(url, { allowAddress }).then(
      () => undefined,
      (error: unknown) => (error as HttpError).code,
    );
  }

  test("asks no private address, however it is written", async () => {
    const { port, asked } = await startServer();
    for (const host of ["127.0.0.1", "localhost", "2130706433", "0x7f.1", "0177.0.0.1", "[::1]", "[::ffff:127.0.0.1]", "0.0.0.0", "127.1"])
      expect([host, await failure(`http://${host}:${port}/`, isPublicAddress)]).toEqual([host, "forbidden"]);
    expect(await failure(`https://localhost:${port}/`, isPublicAddress)).toBe("forbidden");
    expect(asked).toEqual([]);
  });

  test("follows no redirect to one", async () => {
    const secret = await startServer();
    for (const target of [`http://localhost:${secret.port}/`, `http://127.0.0.2:${secret.port}/`, `http://[::1]:${secret.port}/`]) {
      const { port, asked } = await startServer(target);
      let left = 1;
      // The first address counts as public, and no later one.
      expect(await failure(`http://127.0.0.1:${port}/go`, () => left-- > 0)).toBe("forbidden");
      expect(asked).toEqual(["/go"]);
    }
    expect(secret.asked).toEqual([]);
  });

  test("does not use a connection that another request may have", async () => {
    const { port, asked } = await startServer();
    await conditionalGet(`http://localhost:${port}/operator`);
    expect(await failure(`http://localhost:${port}/visitor`, isPublicAddress)).toBe("forbidden");
    expect(asked).toEqual(["/operator"]);
    // An allowed name is asked as ever.
    expect(await failure(`http://localhost:${port}/own`, () => true)).toBeUndefined();
  });
});
