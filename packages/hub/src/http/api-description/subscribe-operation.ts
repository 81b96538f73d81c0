import { MAX_INTERVAL_MS, MIN_INTERVAL_MS } from "../../core/matching/pace.ts";
import { ALIAS_PATH } from "../reply/reply.ts";
import { CURSOR_NAMES, type MATCH_TYPES, type PACING_NAMES, WAIT_MS } from "../routes/subscribe-parameters.ts";
import { problemsOf, TOKEN_CODES } from "./problems.ts";
import { securityOf } from "./security.ts";
import { type DescribedHub, type Operation, type Parameter, ref, type Schema, type Schemas } from "./types.ts";

const DESCRIPTION = `Opens a stream of Server-Sent Events. \`asyncapi.json\` beside this document describes the events.

**Poll.** If \`Accept\` gives \`application/json\` more weight than \`text/event-stream\`, the answer is JSON with the first updates, after at most \`wait\` seconds.

**QUERY.** The method \`QUERY\` subscribes too, at the same path. Its body is a form (\`application/x-www-form-urlencoded\`) with the parameters of the query, which count together with those of the URL. The answers are the same. Use it for more matchers than a URL can hold. OpenAPI 3.1 cannot describe the method. A \`QUERY\` may also be refused with \`too_large\`, \`unsupported_media_type\`, \`unsupported_encoding\` or \`invalid_body\`.

**Refusals of an EventSource.** A failure status ends an \`EventSource\` permanently. A request that accepts \`text/event-stream\` gets 200 if the refusal may mend by itself: a stream of one event, \`hub:drain\`, with the error's code.`;

/** `GET` of the hub's path. */
export function subscribeOperation(hub: DescribedHub): Operation {
  const alias = `\`${ALIAS_PATH}\`, which every hub that has no path of its own serves too, takes a request without matchers as \`match=*\`.`;
  return {
    operationId: "subscribe",
    tags: ["Subscribe"],
    summary: "Subscribe to updates",
    description: `${DESCRIPTION}\n\n**Alias.** ${alias}`,
    parameters: [...queryParameters(hub), LAST_EVENT_ID],
    responses: {
      200: {
        description: "The stream, or the answer to a poll.",
        headers: {
          "Mercure-Last-Event-ID": {
            description:
              "The event id after which the stream goes on, if the request had a cursor. Another id than the cursor tells of loss.",
            schema: { type: "string" },
          },
          ...(hub.compat !== undefined && {
            "Last-Event-ID": { description: "The same, for clients of Mercure 0.x.", schema: { type: "string" } },
          }),
        },
        content: { "text/event-stream": { schema: { type: "string" } }, "application/json": { schema: ref("Poll") } },
      },
      ...problemsOf([
        ...TOKEN_CODES,
        "invalid_pace",
        "invalid_fields",
        "unknown_matcher",
        "invalid_matcher",
        "missing_matcher",
        "too_many_matchers",
        "too_large",
        "too_many_connections",
        "too_many_patterns",
        "draining",
        "journal_unavailable",
        "invalid_body",
      ]),
    },
    security: securityOf(hub, hub.anonymous),
  };
}

/** The parameters of a subscription's query, in the order in which people need them. */
export function queryParameters(hub: DescribedHub): readonly Parameter[] {
  const schemas: Schemas = { ...matcherSchemas(hub), ...cursorSchemas(), ...pacingSchemas(hub) };
  return Object.entries(schemas).map(([name, { description, ...schema }]) => ({
    name,
    in: "query",
    description: description as string,
    ...(CURSOR_NAMES.indexOf(name) > 0 && { deprecated: true }),
    schema,
  }));
}

function matcherSchemas({ compat, limits }: DescribedHub): Schemas {
  const matchers = (meaning: string): Schema => ({
    description: `${meaning} Repeatable. At most ${limits.matchersPerSubscription} matchers in total.`,
    type: "array",
    maxItems: limits.matchersPerSubscription,
    items: { type: "string", minLength: 1, maxLength: limits.topicBytes },
  });
  const byName: Schemas<keyof typeof MATCH_TYPES> = {
    match: matchers("A topic, compared byte for byte. `*` selects every topic."),
    match_exact: matchers("The same as `match`."),
    match_urlpattern: matchers("A URL Pattern, such as `/books/:id`. Relative patterns resolve against the hub's URL."),
  };
  if (compat === undefined) return byName;
  return { ...byName, topic: matchers("A topic or URI template, as in Mercure 0.x.") };
}

function cursorSchemas(): Schemas {
  return Object.fromEntries(
    CURSOR_NAMES.map((name, i) => {
      const meaning = "Resume after the update with this event id. `earliest`: after none, with all held updates. Empty: no cursor.";
      return [
        name,
        { description: i === 0 ? `${meaning} The header field wins.` : `Another spelling of \`${CURSOR_NAMES[0]}\`.`, type: "string" },
      ];
    }),
  );
}

function pacingSchemas({ limits }: DescribedHub): Schemas<(typeof PACING_NAMES)[number]> {
  return {
    interval: {
      description: `Least time between two writes, in milliseconds. 0, or from ${MIN_INTERVAL_MS} to ${MAX_INTERVAL_MS}.`,
      type: "integer",
      anyOf: [{ const: 0 }, { minimum: MIN_INTERVAL_MS, maximum: MAX_INTERVAL_MS }],
      default: 0,
    },
    latest: { description: "`on`: only the newest update of each canonical topic.", enum: ["on", "off"], default: "off" },
    last: {
      description: "Begin with the newest updates of each matcher, this many. Only without a cursor that leads somewhere.",
      type: "integer",
      minimum: 0,
      maximum: limits.snapshotUpdates,
      default: 0,
    },
    fields: { description: "`topics`: each event names its topics. An answer to a poll always does.", enum: ["", "topics"], default: "" },
    wait: {
      description: `Of a poll: longest time without updates, in seconds. More than ${limits.pollWaitMs / 1000} counts as ${limits.pollWaitMs / 1000}.`,
      type: "integer",
      minimum: 0,
      maximum: 999_999_999,
      default: WAIT_MS / 1000,
    },
  };
}

const LAST_EVENT_ID: Parameter = {
  name: "Last-Event-ID",
  in: "header",
  description: "The cursor, as `EventSource` sends it. Wins over the query.",
  schema: { type: "string" },
};
