import { Ajv2020 } from "ajv/dist/2020.js";
import addFormatsModule from "ajv-formats";
import { expect } from "vitest";

const { default: addFormats } = addFormatsModule;

interface Media {
  readonly schema: object;
}

export interface Response {
  readonly description: string;
  readonly headers?: Readonly<Record<string, Media>>;
  readonly content?: Readonly<Record<string, Media>>;
}

export interface Operation {
  readonly operationId: string;
  readonly description?: string;
  readonly parameters?: readonly { readonly name: string; readonly in: string; readonly deprecated?: boolean; readonly schema: object }[];
  readonly requestBody?: { readonly content: Readonly<Record<string, Media>> };
  readonly responses: Readonly<Record<string, Response>>;
  readonly security: readonly object[];
}

/** An OpenAPI document of a hub, as far as the tests read it. */
export interface OpenApi {
  readonly openapi: string;
  readonly servers: readonly { readonly url: string }[];
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: {
    readonly responses: Readonly<Record<"Refused", Response>>;
    readonly schemas: Readonly<Record<string, { readonly properties?: Readonly<Record<string, object>> }>>;
    readonly securitySchemes: Readonly<Record<string, { readonly type: string; readonly name?: string }>>;
  };
}

export const HUB_PATH = "/.well-known/mercure";

/** Reads one of the documents of a hub. */
export async function readDocument<T>(origin: string, format: "openapi" | "asyncapi", headers: Record<string, string> = {}): Promise<T> {
  const response = await fetch(`${origin}${HUB_PATH}/${format}.json`, { headers });
  expect([response.status, response.headers.get("content-type")]).toEqual([200, "application/json"]);
  return (await response.json()) as T;
}

/** Each operation of a document with its place. */
export function operationsOf({
  paths,
}: OpenApi): readonly { readonly path: string; readonly method: string; readonly operation: Operation }[] {
  return Object.entries(paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, operation]) => ({ path, method: method.toUpperCase(), operation })),
  );
}

/** Finds the faults of a value. Schemas may refer to other parts of their document. */
export type Judge = (schema: object, value: unknown) => readonly string[];

/** Makes a judge of values by the schemas of a document. */
export function judgeOf(document: object): Judge {
  const ajv = new Ajv2020({ strict: false, allErrors: true });
  addFormats(ajv);
  const id = "https://hub.example/document";
  ajv.addSchema({ ...document, $id: id });
  const known = new Map<object, ReturnType<typeof ajv.compile>>();
  return (schema, value) => {
    let validate = known.get(schema);
    if (validate === undefined) {
      validate = ajv.compile(JSON.parse(JSON.stringify(schema).replaceAll('"$ref":"#', `"$ref":"${id}#`)) as object);
      known.set(schema, validate);
    }
    return validate(value) ? [] : (validate.errors ?? []).map(({ instancePath, message = "" }) => `${instancePath} ${message}`);
  };
}

/** The media type of a field, without parameters. */
export function typeOf(contentType: string | null): string {
  return contentType?.split(";")[0]?.trim() ?? "";
}
