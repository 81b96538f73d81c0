import { EVENT_SCHEMAS, POLL_SCHEMAS, SUBSCRIPTION_SCHEMAS } from "./event-schemas.ts";
import {
  cancelOperation,
  documentOperation,
  listRevocationsOperation,
  listScheduledOperation,
  metadataOperation,
  metricsOperation,
  renewOperation,
  revokeOperation,
  SCHEDULED_UPDATE,
  SUBSCRIPTIONS,
  subscriptionsOperations,
  withdrawOperation,
} from "./other-operations.ts";
import { PROBLEM, REFUSED } from "./problems.ts";
import { publishOperation, publishSchemas } from "./publish-operation.ts";
import { securitySchemes } from "./security.ts";
import { subscribeOperation } from "./subscribe-operation.ts";
import type { DescribedHub, Operation, PathItem } from "./types.ts";

const ABOUT = `A hub that pushes updates to browsers over Server-Sent Events. It speaks the Mercure protocol.

Every refusal is a problem details document with a stable \`code\`. Every path answers \`OPTIONS\`, for browsers. An answer to \`HEAD\` has the status and the header fields of \`GET\`.`;

/**
 * Makes the OpenAPI document of a hub, without its servers.
 *
 * @see https://spec.openapis.org/oas/v3.1
 */
export function openApi(hub: DescribedHub): object {
  const { hubPath, metadataPath, hasSubscriptions, asksApp } = hub;
  const info = {
    title: "Artesian",
    // The version of the protocol. The version of the program would tell strangers which faults it has.
    version: "1.0",
    description: asksApp ? `${ABOUT} Without a token, the session of the application counts.` : ABOUT,
    license: { name: "MIT", identifier: "MIT" },
  };
  const items: Readonly<Record<string, PathItem>> = {
    "": { ...readable(subscribeOperation(hub)), post: publishOperation(hub) },
    "/subscribers/{id}": { post: renewOperation(hub) },
    ...(hasSubscriptions && mapValues(subscriptionsOperations(hub), readable)),
    "/scheduled": readable(listScheduledOperation(hub)),
    "/scheduled/{id}": { delete: cancelOperation(hub) },
    "/metrics": readable(metricsOperation(hub)),
    "/revocations": { ...readable(listRevocationsOperation(hub)), post: revokeOperation(hub) },
    "/revocations/{id}": { delete: withdrawOperation(hub) },
    "/openapi.json": readable(documentOperation("readOpenApi", "Read this document", "An OpenAPI document.")),
    "/asyncapi.json": readable(documentOperation("readAsyncApi", "Read the description of the events", "An AsyncAPI document.")),
  };
  return {
    openapi: "3.1.1",
    info,
    paths: {
      ...Object.fromEntries(Object.entries(items).map(([path, item]) => [hubPath + path, item])),
      [metadataPath]: readable(metadataOperation()),
    },
    components: {
      schemas: {
        Problem: PROBLEM,
        ...publishSchemas(hub),
        ScheduledUpdate: SCHEDULED_UPDATE,
        ...POLL_SCHEMAS,
        Gap: EVENT_SCHEMAS["Gap"],
        Drain: EVENT_SCHEMAS["Drain"],
        ...(hasSubscriptions && { ...SUBSCRIPTION_SCHEMAS, Subscriptions: SUBSCRIPTIONS }),
      },
      responses: { Refused: REFUSED },
      securitySchemes: securitySchemes(hub),
    },
  };
}

/** The servers of the document. */
export function openApiServers(origin: URL): object {
  return [{ url: origin.origin }];
}

/** The methods of a path that is read. */
function readable(get: Operation): Pick<PathItem, "get" | "head"> {
  const { operationId, summary, description: _description, responses, ...rest } = get;
  const head: Operation = {
    ...rest,
    operationId: `${operationId}Head`,
    summary: `${summary} (header fields alone)`,
    responses: mapValues(responses, (response) =>
      "$ref" in response ? response : { description: "As of `GET`.", ...(response.headers && { headers: response.headers }) },
    ),
  };
  return { get, head };
}

function mapValues<From, To>(values: Readonly<Record<string, From>>, change: (value: From) => To): Readonly<Record<string, To>> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, change(value)]));
}
