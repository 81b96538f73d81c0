import { MAX_DELAY_MS } from "../../core/update/update.ts";
import type { UPDATE_FIELDS } from "../body/field-names.ts";
import { NDJSON_TYPES } from "../body/update-body.ts";
import { problemsOf, PUBLISHER_CODES, WRITE_CODES } from "./problems.ts";
import { securityOf } from "./security.ts";
import { type DescribedHub, type Operation, ref, type Schema, type Schemas } from "./types.ts";

type UpdateField = (typeof UPDATE_FIELDS)[number];

/** `POST` to the hub's path. */
export function publishOperation(hub: DescribedHub): Operation {
  const { limits, publishedRetryMs } = hub;
  const text = { schema: { type: "string" } };
  return {
    operationId: "publish",
    tags: ["Publish"],
    summary: "Publish an update, or an atomic batch",
    description: `The updates are in the journal before the answer is sent. A batch is published as a whole, in order, or not at all.

All fields belong in the body: a field in the URL is refused. Unknown fields are ignored and named in \`Artesian-Warning\`. A name that is nearly \`private\` is refused.`,
    parameters: [
      {
        name: "Idempotency-Key",
        in: "header",
        description: `One string for all attempts at a request, in quotes, at most ${limits.idempotencyKeyBytes} characters. A further attempt publishes nothing and gets the answer of the first.`,
        schema: { type: "string", minLength: 1 },
      },
    ],
    requestBody: {
      description: `At most ${limits.bodyBytes} bytes.`,
      required: true,
      content: {
        "application/x-www-form-urlencoded": { schema: ref("UpdateForm") },
        "application/json": { schema: { anyOf: [ref("Update"), ref("Batch")] } },
        ...Object.fromEntries([...NDJSON_TYPES].map((type) => [type, { schema: { type: "string", description: "One `Update` a line." } }])),
      },
    },
    responses: {
      200: {
        description:
          "The event id. Of a batch, the ids in order, one a line. JSON if `Accept` gives `application/json` more weight than `text/plain`.",
        headers: {
          "Artesian-Warning": {
            description: `Accepted details that are probably mistakes: an unknown field, a type of \`EventSource\`'s own, an id that is not ASCII, a \`retry\` below ${publishedRetryMs.min} or above ${publishedRetryMs.max}.`,
            schema: { type: "string" },
          },
        },
        content: { "text/plain": text, "application/json": { schema: { anyOf: [ref("Published"), ref("PublishedBatch")] } } },
      },
      ...problemsOf([
        ...PUBLISHER_CODES,
        ...WRITE_CODES,
        "missing_topic",
        "invalid_topic",
        "reserved_topic",
        "invalid_id",
        "invalid_type",
        "invalid_time",
        "invalid_retry",
        "invalid_data",
        "invalid_body",
        "too_large",
        "unsupported_media_type",
        "unsupported_encoding",
        "invalid_idempotency_key",
        "idempotency_key_reused",
        "idempotency_unsupported",
        "too_many_scheduled",
        "draining",
      ]),
    },
    security: securityOf(hub, hub.anonymousPublish),
  };
}

/** The schemas of the bodies and answers of {@link publishOperation}. */
export function publishSchemas(hub: DescribedHub): Schemas {
  const { limits } = hub;
  const { private: isPrivate, ...fields } = updateFields(hub);
  const topics = fields.topic;
  return {
    Update: {
      type: "object",
      description: "An update in JSON. Null stands for an absent text or time.",
      properties: {
        ...orNull(fields),
        topic: { description: topics["description"], anyOf: [topics["items"], withoutDescription(topics)] },
        data: { description: `${fields.data["description"] as string} Any JSON is sent as written.` },
        private: { ...isPrivate, type: "boolean" },
      } satisfies Schemas<UpdateField>,
      required: ["topic"],
    },
    UpdateForm: {
      type: "object",
      description: "An update as a form. `topic` is repeatable.",
      properties: {
        ...fields,
        private: {
          ...isPrivate,
          type: "string",
          description: `${isPrivate["description"] as string} Present means private, whatever the value.`,
        },
      } satisfies Schemas<UpdateField>,
      required: ["topic"],
    },
    Batch: { type: "array", maxItems: limits.updatesPerBatch, items: ref("Update") },
    Published: { type: "object", properties: { id: { type: "string" } }, required: ["id"], additionalProperties: false },
    PublishedBatch: {
      type: "object",
      properties: { ids: { type: "array", items: { type: "string" } } },
      required: ["ids"],
      additionalProperties: false,
    },
  };
}

function updateFields({ limits }: DescribedHub): Schemas<UpdateField> {
  const text = { type: "string", maxLength: limits.idBytes };
  const ms = { type: "integer", minimum: 0 };
  return {
    topic: {
      description: `The names of what changed, of at most ${limits.topicBytes} bytes. The first is canonical, the others alternate.`,
      type: "array",
      minItems: 1,
      maxItems: limits.topicsPerUpdate,
      items: { type: "string", minLength: 1, maxLength: limits.topicBytes },
    },
    data: { description: "The new content. Default: empty.", type: "string" },
    id: {
      ...text,
      description: `The event id, at most ${limits.idBytes} bytes. Not \`earliest\`, and not with \`#\` at its start. Default: the hub makes one.`,
    },
    type: { ...text, description: "The event type. Not `mercure`, and not with `hub:` at its start. Default: none." },
    retry: { ...ms, description: "Reconnection time for `EventSource`, in milliseconds." },
    private: { description: "Whether only subscribers with a grant on one of the topics receive the update." },
    delay: { ...ms, maximum: MAX_DELAY_MS, description: "Deliver this many milliseconds later." },
    deliver_at: { type: "string", format: "date-time", description: "Deliver at this time. Not together with `delay`." },
    ttl: { ...ms, minimum: 1, maximum: MAX_DELAY_MS, description: "Not delivered or replayed after this many milliseconds." },
  };
}

function orNull<Name extends string>(schemas: Schemas<Name>): Schemas<Name> {
  const entries = Object.entries<Schema>(schemas).map(([name, { type, ...schema }]) => [name, { ...schema, type: [type, "null"] }]);
  return Object.fromEntries(entries) as Schemas<Name>;
}

function withoutDescription({ description: _description, ...schema }: Schema): Schema {
  return schema;
}
