import type { Limits } from "../../core/limits.ts";
import type { RetryRange } from "../../core/update/retry.ts";
import type { Compat } from "../compat/names.ts";

/** The facts of a hub that its documents tell. */
export interface DescribedHub {
  /** The hub's public URL. */
  readonly url: string;
  /** The path of the hub's URL. */
  readonly hubPath: string;
  /** The path of the hub's metadata. */
  readonly metadataPath: string;
  /** Read at each request: some of them change while the hub runs. */
  readonly limits: Limits;
  readonly publishedRetryMs: RetryRange;
  readonly cookieName: string;
  readonly compat: Compat | undefined;
  /** Whether the application judges requests without a token. */
  readonly asksApp: boolean;
  /** Whether subscribers need no token. */
  readonly anonymous: boolean;
  /** Whether publishers need no token. */
  readonly anonymousPublish: boolean;
  /** Whether active subscriptions are listed. */
  readonly hasSubscriptions: boolean;
}

/**
 * A JSON Schema, or a reference to another one of the document. Only keywords that mean the same in
 * draft 7, for AsyncAPI, and in 2020-12, for OpenAPI.
 */
export type Schema = Readonly<Record<string, unknown>>;

/** A schema for each name. */
export type Schemas<Name extends string = string> = Readonly<Record<Name, Schema>>;

export interface Parameter {
  readonly name: string;
  readonly in: "query" | "header" | "path";
  readonly description: string;
  readonly required?: true;
  readonly deprecated?: true;
  readonly schema: Schema;
}

export interface Header {
  readonly description: string;
  readonly schema: Schema;
}

export interface MediaType {
  readonly schema: Schema;
}

export interface Response {
  readonly description: string;
  readonly headers?: Readonly<Record<string, Header>>;
  readonly content?: Readonly<Record<string, MediaType>>;
}

/** The answers of an operation, by status. */
export type Responses = Readonly<Record<string, Response | { readonly $ref: string }>>;

/** Names of security schemes, all of which a request needs. An empty object needs none. */
export type Security = readonly Readonly<Record<string, readonly string[]>>[];

export interface Operation {
  readonly operationId: string;
  readonly tags: readonly string[];
  readonly summary: string;
  readonly description?: string;
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: {
    readonly description?: string;
    readonly required: boolean;
    readonly content: Readonly<Record<string, MediaType>>;
  };
  readonly responses: Responses;
  readonly security: Security;
}

export interface PathItem {
  readonly get?: Operation;
  readonly head?: Operation;
  readonly post?: Operation;
  readonly delete?: Operation;
}

/** Refers to a schema of the document by its name. */
export function ref(name: string): Schema {
  return { $ref: `#/components/schemas/${name}` };
}

/** An object that has all of the members in `required`, and no member without a schema. */
export function object<Name extends string>(properties: Schemas<Name>, required: readonly NoInfer<Name>[]): Schema {
  return { type: "object", properties, required, additionalProperties: false };
}
