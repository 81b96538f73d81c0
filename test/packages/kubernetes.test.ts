import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import * as apps from "kubernetes-models/apps/v1";
import * as policy from "kubernetes-models/policy/v1";
import * as core from "kubernetes-models/v1";
import { describe, expect, test } from "vitest";
import { parseAllDocuments } from "yaml";
import { SETTINGS } from "../../packages/hub/src/cli/config/settings.ts";
import { unknownVariables } from "../../packages/hub/src/cli/config/variables.ts";
import { BALANCED_LAME_DUCK_MS } from "../../packages/hub/src/cli/serve/departure.ts";
import { CLOSE_MS } from "../../packages/hub/src/cli/serve/plan.ts";
import { GRACE_MS } from "../../packages/hub/src/cli/serve/workers.ts";
import { startServer, send } from "../cli/command.ts";
import { temporaryDirectory } from "../support/directory.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const MANIFESTS = ["log.yaml", "redis.yaml"] as const;
/** The modules of `kubernetes-models`, by `apiVersion`. */
const MODELS: Readonly<Record<string, object>> = { v1: core, "apps/v1": apps, "policy/v1": policy };

interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly spec: object;
}

function manifestsOf(name: string): readonly Manifest[] {
  const text = readFileSync(join(ROOT, "packaging/kubernetes", name), "utf8");
  return parseAllDocuments(text).map((document) => document.toJS() as Manifest);
}

interface Probe {
  readonly httpGet?: { readonly path: string };
}

interface Pod {
  readonly terminationGracePeriodSeconds: number;
  readonly securityContext: object;
  readonly containers: readonly {
    readonly image: string;
    readonly env: readonly { readonly name: string; readonly value?: string }[];
    readonly securityContext: object;
    readonly startupProbe?: Probe;
    readonly livenessProbe?: Probe;
    readonly readinessProbe?: Probe;
  }[];
}

function podOf(name: string): Pod {
  const workload = manifestsOf(name).find(({ kind }) => kind === "StatefulSet" || kind === "Deployment");
  if (workload === undefined) throw new Error(`${name} has no pods.`);
  return (workload.spec as { readonly template: { readonly spec: Pod } }).template.spec;
}

describe.each(MANIFESTS)("%s", (name) => {
  test("each manifest has the form that Kubernetes describes", () => {
    for (const manifest of manifestsOf(name)) {
      const model = Reflect.get(MODELS[manifest.apiVersion] ?? {}, manifest.kind) as new (data: object) => { validate(): void };
      expect(() => new model(manifest).validate()).not.toThrow();
    }
  });

  test("the pod leaves in time, and is neither root nor able to write its image", () => {
    const pod = podOf(name);
    const longestMs = BALANCED_LAME_DUCK_MS + SETTINGS.drain.fallback + CLOSE_MS + GRACE_MS;
    expect(pod.terminationGracePeriodSeconds * 1000).toBeGreaterThan(longestMs);
    expect(pod.securityContext).toMatchObject({ runAsNonRoot: true, seccompProfile: { type: "RuntimeDefault" } });
    const [hub] = pod.containers;
    expect(hub?.securityContext).toEqual({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ["ALL"] },
    });
    expect(hub?.image).toBe(`artesian:${(JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as { version: string }).version}`);
    expect(unknownVariables(Object.fromEntries((hub?.env ?? []).map(({ name: variable, value }) => [variable, value])))).toEqual([]);
  });

  test("the hub answers each probe", async () => {
    const [hub] = podOf(name).containers;
    const { url } = await startServer(["--journal", "memory"]);
    const probes = [hub?.startupProbe, hub?.livenessProbe, hub?.readinessProbe].flatMap((probe) => probe?.httpGet?.path ?? []);
    expect(probes.length).toBeGreaterThan(1);
    for (const path of probes) expect((await send(url + path)).status).toBe(200);
  });
});

test("no manifest has a field that Kubernetes does not know", () => {
  const file = join(temporaryDirectory(), "manifests.ts");
  const constants = MANIFESTS.flatMap(manifestsOf).map(({ apiVersion, kind, ...rest }, i) => {
    const module = join(ROOT, "node_modules/kubernetes-models", apiVersion, kind);
    const literal = JSON.stringify({ apiVersion, kind, ...rest });
    return `import type { I${kind} as Kind${i} } from ${JSON.stringify(module)};\nexport const manifest${i}: Kind${i} = ${literal};\n`;
  });
  // A literal of a type may have no other fields.
  writeFileSync(file, constants.join(""));
  const flags = ["--ignoreConfig", "--noEmit", "--strict", "--skipLibCheck", "--module", "preserve", "--types", ""];
  const check = (): string =>
    execFileSync(process.execPath, [join(ROOT, "node_modules/typescript/bin/tsc"), ...flags, file], { encoding: "utf8" });
  expect(check()).toBe("");
  writeFileSync(file, readFileSync(file, "utf8").replace('"terminationGracePeriodSeconds"', '"terminationGracePeriod"'));
  expect(check).toThrow();
});
