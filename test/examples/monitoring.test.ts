import { spawn } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished, test } from "vitest";
import { send, startServer } from "../cli/command.ts";
import { temporaryDirectory } from "../support/directory.ts";
import { freePort } from "../support/free-port.ts";
import { parsePrometheus } from "../support/prometheus.ts";
import { promtool } from "../support/promtool.ts";
import { RedisServer } from "../support/redis-server.ts";

const DIRECTORY = fileURLToPath(new URL("../../examples/monitoring/", import.meta.url));

test("the alerts are well-formed, and fire when they should", async () => {
  expect(await promtool(["check", "rules", join(DIRECTORY, "alerts.yaml")])).toMatchObject({ status: 0 });
  expect(await promtool(["check", "config", join(DIRECTORY, "prometheus.yaml")])).toMatchObject({ status: 0 });
  const { status, output } = await promtool(["test", "rules", join(DIRECTORY, "alerts.test.yaml")]);
  expect([status, output]).toEqual([0, expect.stringContaining("SUCCESS")]);
  const alerts = readFileSync(join(DIRECTORY, "alerts.yaml"), "utf8");
  const tests = readFileSync(join(DIRECTORY, "alerts.test.yaml"), "utf8");
  for (const [, name] of alerts.matchAll(/- alert: (\w+)/g)) expect(tests).toContain(`alertname: ${name}`);
});

test("the dashboard and the alerts ask for figures that the hub has", async () => {
  const adminPort = await freePort();
  const { hub } = await startServer(["--data", temporaryDirectory(), "--admin-port", `${adminPort}`]);
  // A figure with a label for a refusal is there after the first.
  await send(hub, { method: "POST" }, "nothing");
  await send(hub, { method: "POST", headers: { "Content-Type": "application/x-www-form-urlencoded" } }, "topic=a");
  const text = await (await fetch(`http://127.0.0.1:${adminPort}/metrics`)).text();
  const known = new Set(parsePrometheus(text).series.map(({ name }) => name));
  for (const file of ["alerts.yaml", "alerts.test.yaml", "grafana-dashboard.json"]) {
    const asked = readFileSync(join(DIRECTORY, file), "utf8").matchAll(/\b(?:artesian|process)_[a-z_]+/g);
    const unknown = [...asked].map(([name]) => name).filter((name) => !known.has(name));
    expect(unknown, file).toEqual([]);
  }
  const dashboard = JSON.parse(readFileSync(join(DIRECTORY, "grafana-dashboard.json"), "utf8")) as {
    panels: readonly { id: number; gridPos: { x: number; w: number }; targets: readonly { expr: string }[] }[];
  };
  expect(new Set(dashboard.panels.map(({ id }) => id)).size).toBe(dashboard.panels.length);
  for (const { gridPos } of dashboard.panels) expect(gridPos.x + gridPos.w).toBeLessThanOrEqual(24);
  // As rules, the tool reads the panels' expressions too.
  const rules = dashboard.panels
    .flatMap(({ targets }) => targets)
    .map(({ expr }, i) => ({ record: `panel:${i}`, expr: expr.replaceAll("$__rate_interval", "1m") }));
  const file = join(temporaryDirectory(), "panels.yaml");
  writeFileSync(file, JSON.stringify({ groups: [{ name: "panels", rules }] }));
  expect(await promtool(["check", "rules", file])).toMatchObject({
    status: 0,
    output: expect.stringContaining(`${rules.length} rules found`),
  });
});

test("a real Prometheus scrapes a fleet of three, and sees one of them go", async () => {
  const redis = await RedisServer.start();
  const hubs = await Promise.all(
    [0, 1, 2].map(async () => {
      const adminPort = await freePort();
      const { run, hub } = await startServer(["--journal", redis.url, "--admin-port", `${adminPort}`]);
      return { run, hub, target: `127.0.0.1:${adminPort}` };
    }),
  );
  const directory = temporaryDirectory();
  copyFileSync(join(DIRECTORY, "alerts.yaml"), join(directory, "alerts.yaml"));
  const config = readFileSync(join(DIRECTORY, "prometheus.yaml"), "utf8")
    .replaceAll("15s", "200ms")
    .replace('["127.0.0.1:9464"]', JSON.stringify(hubs.map(({ target }) => target)));
  writeFileSync(join(directory, "prometheus.yaml"), config);
  const port = await freePort();
  const args = ["--config.file=prometheus.yaml", "--storage.tsdb.path=data", `--web.listen-address=127.0.0.1:${port}`];
  const child = spawn("prometheus", args, { cwd: directory, stdio: "ignore" });
  const ended = once(child, "close");
  onTestFinished(async () => {
    child.kill("SIGKILL");
    await ended;
  });
  const ask = async (query: string): Promise<number | undefined> => {
    const url = `http://127.0.0.1:${port}/api/v1/query?${new URLSearchParams({ query })}`;
    const answer = await fetch(url).then(
      (response) => response.json() as Promise<{ data?: { result?: readonly { value: readonly [number, string] }[] } }>,
      () => undefined,
    );
    const value = answer?.data?.result?.[0]?.value[1];
    return value === undefined ? undefined : Number(value);
  };
  const options = { timeout: 60_000, interval: 200 };
  await expect.poll(() => ask('sum(up{job="artesian"})'), options).toBe(3);
  const form = { method: "POST", headers: { "Content-Type": "application/x-www-form-urlencoded" } };
  for (const { hub } of hubs) for (let i = 0; i < 10; i++) expect((await send(hub, form, "topic=a&data=b")).status).toBe(200);
  // Each hub reports what it published, and all report the one journal.
  await expect.poll(() => ask("sum(artesian_updates_published_total)"), options).toBe(30);
  await expect.poll(() => ask("max(artesian_journal_records)"), options).toBe(30);
  await expect.poll(() => ask("sum(artesian_publish_duration_seconds_count)"), options).toBe(30);
  expect(await ask('count(ALERTS{alertstate="firing"})')).toBeUndefined();
  hubs[0]?.run.child.kill("SIGKILL");
  await expect.poll(() => ask('count(ALERTS{alertname="ArtesianDown"})'), options).toBe(1);
});
