import { createRequire } from "node:module";
import { Validator } from "@seriousme/openapi-schema-validator";
import { Ajv } from "ajv";
import addFormatsModule from "ajv-formats";
import { createHub, DEFAULT_LIMITS, ERROR_CODES, type HubOptions } from "artesian";
import { STATUS_BY_CODE } from "artesian/http";
import { describe, expect, it, onTestFinished } from "vitest";
import { UPDATE_FIELDS } from "../../../packages/hub/src/http/body/field-names.ts";
import { ROUTES } from "../../../packages/hub/src/http/router.ts";
import { CURSOR_NAMES, MATCH_TYPES, PACING_NAMES } from "../../../packages/hub/src/http/routes/subscribe-parameters.ts";
import { partsOf } from "../../../packages/hub/src/create-hub.ts";
import { startHub } from "../../support/server.ts";
import { HUB_URL, TRUSTING } from "../../support/tokens.ts";
import { HUB_PATH, type OpenApi, operationsOf, readDocument } from "./support.ts";

const ALL: HubOptions = { apiDescription: true, subscriptions: true };
const METADATA = `/.well-known/oauth-protected-resource${HUB_PATH}`;

/** Hubs whose documents differ. */
const HUBS: readonly (readonly [name: string, options: HubOptions])[] = [
  ["a hub with defaults", { apiDescription: true }],
  ["a hub with presence", ALL],
  ["a hub with tokens", { ...TRUSTING, ...ALL }],
  ["a hub of Mercure 0.x", { ...TRUSTING, ...ALL, compat: "0.x" }],
  ["a hub with sessions", { ...ALL, authorize: () => undefined }],
];

async function open(options: HubOptions = ALL): Promise<OpenApi> {
  const { origin } = await startHub(options);
  return readDocument<OpenApi>(origin, "openapi");
}

describe.each(HUBS)("the documents of %s", (_, options) => {
  it("are valid OpenAPI 3.1, with every reference and each operation's id once", async () => {
    const document = await open(options);
    expect(document.openapi).toMatch(/^3\.1\./);
    const validator = new Validator();
    const { valid, errors } = await validator.validate(structuredClone(document) as unknown as Record<string, unknown>);
    expect(errors).toBeUndefined();
    expect(valid).toBe(true);
    const ids = operationsOf(document).map(({ operation }) => operation.operationId);
    expect(new Set(ids).size).toBe(ids.length);
    expect(danglingReferences(document)).toEqual([]);
    expect(unusedSchemas(document)).toEqual([]);
  });

  it("are valid AsyncAPI 3.0, with every reference", async () => {
    const { origin } = await startHub(options);
    const document = await readDocument<{ asyncapi: string }>(origin, "asyncapi");
    expect(document.asyncapi).toBe("3.0.0");
    const require = createRequire(import.meta.url);
    // The schema brings draft 7 along.
    const ajv = new Ajv({ strict: false, allErrors: true, meta: false, validateSchema: false });
    addFormatsModule.default(ajv);
    const validate = ajv.compile(require("@asyncapi/specs/schemas/3.0.0.json") as object);
    validate(document);
    expect(validate.errors).toBeNull();
    expect(danglingReferences(document)).toEqual([]);
    expect(unusedSchemas(document)).toEqual([]);
  });

  it("have each route and method of the hub, and nothing else", async () => {
    const document = await open(options);
    const described = operationsOf(document).map(({ path, method }) => `${method} ${path}`);
    const routes = ROUTES.filter(({ path }) => path !== "/subscriptions*" || options.subscriptions === true).flatMap(({ path, methods }) =>
      pathsOf(path).flatMap((one) => methods.filter((method) => method !== "QUERY").map((method) => `${method} ${HUB_PATH}${one}`)),
    );
    expect(described.toSorted()).toEqual([...routes, `GET ${METADATA}`, `HEAD ${METADATA}`].toSorted());
  });
});

/** The paths of a route, as OpenAPI writes them. */
function pathsOf(path: string): readonly string[] {
  if (!path.endsWith("*")) return [path.replace(/:(\w+)/g, "{$1}")];
  const start = path.slice(0, -1);
  return [start, `${start}/{match_type}/{match}`, `${start}/{match_type}/{match}/{subscriber}`];
}

function referencesOf(document: object): readonly string[] {
  return [...JSON.stringify(document).matchAll(/"\$ref":"([^"]+)"/g)].map(([, reference = ""]) => reference);
}

function danglingReferences(document: object): readonly string[] {
  return referencesOf(document).filter((reference) => {
    const target = reference
      .slice("#/".length)
      .split("/")
      .reduce<unknown>((value, name) => (value as Record<string, unknown> | undefined)?.[name], document);
    return target === undefined;
  });
}

function unusedSchemas(document: object): readonly string[] {
  const { components } = document as { components: { schemas: object } };
  const used = new Set(referencesOf(document));
  return Object.keys(components.schemas).filter((name) => !used.has(`#/components/schemas/${name}`));
}

describe("the OpenAPI document", () => {
  it("says of QUERY what OpenAPI 3.1 cannot say", async () => {
    const withQuery = ROUTES.filter(({ methods }) => methods.includes("QUERY"));
    expect(withQuery.map(({ path }) => path)).toEqual([""]);
    const { paths } = await open();
    expect(paths[HUB_PATH]?.["get"]?.description).toContain("The method `QUERY` subscribes too");
  });

  it("lists the parameters that the parser reads, and no other", async () => {
    const queryOf = ({ paths }: OpenApi): string[] =>
      (paths[HUB_PATH]?.["get"]?.parameters ?? []).filter((one) => one.in === "query").map(({ name }) => name);
    const known = [...Object.keys(MATCH_TYPES), ...CURSOR_NAMES, ...PACING_NAMES];
    expect(queryOf(await open()).toSorted()).toEqual(known.toSorted());
    expect(queryOf(await open({ ...ALL, compat: "0.x" })).toSorted()).toEqual([...known, "topic"].toSorted());
  });

  it("lists the fields of an update that the parser reads, and no other", async () => {
    const { components } = await open();
    for (const name of ["Update", "UpdateForm"]) {
      expect(Object.keys(components.schemas[name]?.properties ?? {}).toSorted(), name).toEqual([...UPDATE_FIELDS].toSorted());
    }
  });

  it("gives each error code the status that the hub gives it", async () => {
    const document = await open();
    const named = new Set<string>();
    for (const { operation } of operationsOf(document)) {
      const own = Object.entries({ ...operation.responses, default: document.components.responses.Refused });
      for (const [status, { description }] of own) {
        for (const [, written, code = ""] of description.matchAll(/^- (?:(\d+) )?`(\w+)`: /gm)) {
          named.add(code);
          expect(STATUS_BY_CODE[code as keyof typeof STATUS_BY_CODE], code).toBe(Number(written ?? status));
        }
      }
    }
    expect([...named].toSorted()).toEqual(Object.keys(ERROR_CODES).toSorted());
  });

  it("tells how tokens come, and which operations need none", async () => {
    const anonymous = async (options: HubOptions): Promise<string[]> =>
      operationsOf(await open({ ...ALL, ...options }))
        .filter(({ operation: { security } }) => security.length === 0 || security.some((one) => Object.keys(one).length === 0))
        .map(({ operation }) => operation.operationId)
        .filter((id) => !id.endsWith("Head") && !id.startsWith("read"));
    expect(await anonymous({ ...TRUSTING })).toEqual([]);
    expect(await anonymous({ ...TRUSTING, anonymous: true })).toEqual(["subscribe"]);
    expect(await anonymous({ ...TRUSTING, anonymousPublish: true })).toEqual(["publish", "listScheduled", "cancelScheduled"]);
    expect((await anonymous({ authorize: () => undefined, anonymousPublish: false })).length).toBeGreaterThan(6);
    const schemes = async (options: HubOptions): Promise<unknown[]> =>
      Object.values((await open({ ...TRUSTING, ...ALL, ...options })).components.securitySchemes).map(({ type, name }) => [type, name]);
    expect(await schemes({})).toEqual([
      ["http", undefined],
      ["apiKey", "__Secure-mercure_access_token"],
    ]);
    expect(await schemes({ compat: "0.x" })).toEqual([
      ["http", undefined],
      ["apiKey", "__Secure-mercure_access_token"],
      ["apiKey", "authorization"],
      ["apiKey", "mercureAuthorization"],
    ]);
  });

  it("has the hub's own limits, also after they change", async () => {
    const { hub, origin } = await startHub({ ...ALL, limits: { updatesPerBatch: 7 } });
    const most = async (): Promise<unknown> => (await readDocument<OpenApi>(origin, "openapi")).components.schemas["Batch"];
    expect(await most()).toMatchObject({ maxItems: 7 });
    const change = await partsOf(hub).prepareChange({
      issuers: [],
      corsOrigins: [],
      publishOrigins: [],
      limits: { ...DEFAULT_LIMITS, updatesPerBatch: 8 },
      connections: { connections: 100, connectionsPerAddress: 100, connectionsPerSecond: 100, connectionsPerSecondPerAddress: 100 },
    });
    change.apply();
    expect(await most()).toMatchObject({ maxItems: 8 });
  });
});

describe("the server of the documents", () => {
  async function serversOf(options: HubOptions, url: string): Promise<readonly [open: unknown, async: unknown]> {
    const hub = createHub({ apiDescription: true, ...options });
    onTestFinished(() => hub.close());
    const read = async (format: string): Promise<{ servers: unknown }> => {
      const response = await hub.fetch(new Request(`${url}/${format}.json`, { headers: { host: new URL(url).host } }));
      expect(response.status).toBe(200);
      return (await response.json()) as { servers: unknown };
    };
    return [(await read("openapi")).servers, (await read("asyncapi")).servers];
  }

  it("is that of the hub's public URL", async () => {
    expect(await serversOf({ url: HUB_URL }, `http://10.0.0.7:3000${HUB_PATH}`)).toEqual([
      [{ url: "https://hub.example" }],
      { hub: expect.objectContaining({ host: "hub.example", protocol: "https" }) as unknown },
    ]);
  });

  it("is the one that the request names, if the hub's URL is of this machine alone", async () => {
    for (const url of [undefined, "http://0.0.0.0:3000/.well-known/mercure", "http://127.0.0.1:3000/.well-known/mercure"]) {
      expect(await serversOf({ url }, `http://10.0.0.7:8080${HUB_PATH}`), url).toEqual([
        [{ url: "http://10.0.0.7:8080" }],
        { hub: expect.objectContaining({ host: "10.0.0.7:8080", protocol: "http" }) as unknown },
      ]);
    }
    const { server, origin } = await startHub(ALL);
    expect(server.listening).toBe(true);
    expect((await readDocument<OpenApi>(origin, "openapi")).servers).toEqual([{ url: origin }]);
  });

  it("has the path of its own at which the hub is", async () => {
    const hub = createHub({ apiDescription: true, path: "/live" });
    onTestFinished(() => hub.close());
    const response = await hub.fetch(new Request("http://10.0.0.7/live/openapi.json", { headers: { host: "10.0.0.7" } }));
    const { servers, paths } = (await response.json()) as OpenApi;
    expect(servers).toEqual([{ url: "http://10.0.0.7" }]);
    expect(paths["/live"]).toHaveProperty("post");
  });
});
