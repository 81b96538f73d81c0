import { EVENT_SCHEMAS, SUBSCRIPTION_SCHEMAS } from "./event-schemas.ts";
import { securitySchemes } from "./security.ts";
import { queryParameters } from "./subscribe-operation.ts";
import { type DescribedHub, object, ref, type Schema, type Schemas } from "./types.ts";

const ABOUT = `The events of a hub that pushes updates to browsers over Server-Sent Events. \`openapi.json\` beside this document describes the requests.

The headers of a message are the fields of an event except \`data\`. The payload is \`data\`: its lines, joined by LF.`;

const STREAM = `A field \`retry\` of the stream stands before the first event, without a blank line between them. A comment line is the heartbeat. \`EventSource\` shows events whose type begins with \`hub:\` only to a listener for their name.`;

/** A message of the stream. */
interface Message {
  readonly title: string;
  readonly summary: string;
  readonly contentType: "application/json" | "text/plain";
  readonly headers: Schema;
  readonly payload: Schema;
}

/**
 * Makes the AsyncAPI document of a hub, without its servers.
 *
 * @see https://www.asyncapi.com/docs/reference/specification/v3.0.0
 */
export function asyncApi(hub: DescribedHub): object {
  const { hasSubscriptions } = hub;
  const messages = messagesOf(hub);
  const names = Object.keys(messages);
  return {
    asyncapi: "3.0.0",
    info: { title: "Artesian", version: "1.0", description: ABOUT, license: { name: "MIT" } },
    defaultContentType: "text/plain",
    channels: {
      events: {
        address: hub.hubPath,
        title: "Event stream",
        description: STREAM,
        messages: Object.fromEntries(names.map((name) => [name, { $ref: `#/components/messages/${name}` }])),
      },
    },
    operations: {
      sendEvents: {
        action: "send",
        title: "Send events to a subscriber",
        summary: "A `GET` opens the stream. Its query names the topics, the cursor and the pace.",
        channel: { $ref: "#/channels/events" },
        messages: names.map((name) => ({ $ref: `#/channels/events/messages/${name}` })),
        bindings: { http: { method: "GET", query: querySchema(hub), bindingVersion: "0.3.0" } },
      },
    },
    components: {
      messages,
      schemas: { ...EVENT_SCHEMAS, ...(hasSubscriptions && SUBSCRIPTION_SCHEMAS) },
      securitySchemes: Object.fromEntries(
        Object.entries(securitySchemes(hub)).map(([name, scheme]) => [
          name,
          scheme.type === "apiKey" ? { ...scheme, type: "httpApiKey" } : scheme,
        ]),
      ),
    },
  };
}

/** The servers of the document. */
export function asyncApiServers({ protocol, host }: URL, hub: DescribedHub): object {
  const description = hub.anonymous ? "A request without a token receives public updates." : "";
  const security = Object.keys(securitySchemes(hub)).map((name) => ({ $ref: `#/components/securitySchemes/${name}` }));
  return { hub: { host, protocol: protocol.slice(0, -1), ...(description !== "" && { description }), security } };
}

const ID: Schema = { type: "string", description: "The event id, which is the cursor to resume from." };
const RETRY: Schema = {
  type: "integer",
  minimum: 0,
  description: "Reconnection time, in milliseconds. The first event of a stream has one.",
};

function messagesOf({ hasSubscriptions }: DescribedHub): Readonly<Record<string, Message>> {
  return {
    update: {
      title: "Update",
      summary: "An update of a publisher.",
      contentType: "text/plain",
      headers: {
        type: "object",
        properties: {
          event: {
            type: "string",
            not: { pattern: "^hub:|^mercure$" },
            description: "The type of the update. Absent if the publisher sent none.",
          },
          id: ID,
          retry: RETRY,
          topics: {
            type: "array",
            items: { type: "string" },
            description: "With `fields=topics`: the topics that the subscriber may read.",
          },
        },
        additionalProperties: false,
      },
      payload: { type: "string", description: "The content of the update. The hub sends JSON as its publisher wrote it." },
    },
    ...(hasSubscriptions && {
      subscription: {
        title: "Subscription",
        summary: "A subscription begins or ends. For subscribers with a grant on its topic.",
        contentType: "application/json",
        headers: fields("mercure", {
          id: { ...ID, description: "The event id. Of events that are committed together, only the last has one." },
          topics: { type: "array", items: { type: "string" }, description: "With `fields=topics`: the topic of the subscription." },
        }),
        payload: ref("Subscription"),
      } satisfies Message,
    }),
    gap: own("Gap", "hub:gap", "Updates are missing: the cursor leads nowhere. All held updates follow."),
    cursor: {
      title: "Cursor",
      summary: "Moves the cursor alone: on connecting, and after updates for others.",
      contentType: "application/json",
      headers: fields("hub:cursor", { id: ID }, ["id"]),
      payload: { type: "object", additionalProperties: false },
    },
    drain: own("Drain", "hub:drain", "The stream ends. Come back after the time."),
    expiring: own("Expiring", "hub:expiring", "The token expires soon. A new token keeps the stream open."),
  };
}

/** A message of the hub's own that never moves the cursor. */
function own(title: string, type: string, summary: string): Message {
  return { title, summary, contentType: "application/json", headers: fields(type), payload: ref(title) };
}

/** The fields of an event of a given type. */
function fields(type: string, further: Schemas = {}, required: readonly string[] = []): Schema {
  return object<string>({ event: { const: type }, retry: RETRY, ...further }, ["event", ...required]);
}

function querySchema(hub: DescribedHub): Schema {
  const properties = queryParameters(hub).map(({ name, description, schema }) => [name, { ...schema, description }]);
  return { type: "object", properties: Object.fromEntries(properties) as Schemas };
}
