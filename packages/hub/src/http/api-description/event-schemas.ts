import { ERROR_CODES } from "../../core/errors.ts";
import type { SubscriptionDocument } from "../../core/matching/subscription.ts";
import type { Gap, GapReason } from "../../core/update/frame.ts";
import { object, ref, type Schema, type Schemas } from "./types.ts";

const MS = { type: "integer", minimum: 0 };

const REASONS: Readonly<Record<GapReason, string>> = {
  trimmed: "the update was dropped by retention",
  unknown: "no update has the id",
  epoch: "the id is of a journal that was replaced",
};

const GAP: Schemas<keyof Gap> = {
  requested: { type: "string", description: "The event id that the subscriber asked to resume from." },
  first: { type: ["string", "null"], description: "The event id of the first update that follows. Null: the journal holds none." },
  reason: {
    enum: Object.keys(REASONS),
    description: `${Object.entries(REASONS)
      .map(([reason, meaning]) => `\`${reason}\`: ${meaning}`)
      .join("; ")}.`,
  },
};

const SUBSCRIPTION: Schemas<keyof SubscriptionDocument> = {
  id: { type: "string", description: "The topic of the subscription's events, and the path of the subscription." },
  type: { const: "subscription" },
  match_type: { enum: ["exact", "urlpattern"] },
  match: { type: "string", description: "The topic or the URL pattern." },
  subscriber: { type: "string", description: "A random name, made for the connection." },
  active: { type: "boolean", description: "False in the event of a subscription that has ended." },
  payload: { description: "The payload of the token's grant." },
};

/** The schemas of the hub's own events, for both documents. */
export const EVENT_SCHEMAS: Schemas = {
  Gap: { description: "Updates are missing: the data of `hub:gap`.", ...object(GAP, ["requested", "first", "reason"]) },
  Drain: {
    description: "The stream ends: the data of `hub:drain`.",
    ...object(
      {
        reconnectInMs: { ...MS, description: "Time after which to come back, in milliseconds." },
        code: { enum: Object.keys(ERROR_CODES), description: "The error's code, if the hub refused the request." },
      },
      ["reconnectInMs"],
    ),
  },
  Expiring: {
    description: "The token expires soon: the data of `hub:expiring`.",
    ...object(
      {
        expiresInMs: { ...MS, description: "Time until the stream ends, in milliseconds." },
        subscriber: { type: "string", description: "The id with which a new token keeps the stream open." },
      },
      ["expiresInMs", "subscriber"],
    ),
  },
};

/** The schema of a subscription, if the hub lists them. */
export const SUBSCRIPTION_SCHEMAS: Schemas = {
  Subscription: {
    description: "A subscriber with one of its matchers.",
    ...object(SUBSCRIPTION, ["id", "type", "match_type", "match", "subscriber", "active"]),
  },
};

/** The schema of the answer to a poll. */
export const POLL_SCHEMAS: Schemas = {
  PolledUpdate: {
    description: "An update in the answer to a poll.",
    ...object(
      {
        id: { type: "string", description: "The event id. Absent if the next update has the id for both." },
        type: { type: "string", description: "The event type. Absent if the publisher sent none." },
        topics: { type: "array", items: { type: "string" }, description: "The topics that the token may read. The first is canonical." },
        data: { type: "string" },
        retry: { ...MS, description: "Reconnection time for `EventSource`, in milliseconds." },
      },
      ["topics", "data"],
    ),
  },
  Poll: {
    description: "The answer to a poll.",
    ...object(
      {
        gap: ref("Gap"),
        drain: ref("Drain"),
        updates: { type: "array", items: ref("PolledUpdate"), description: "The updates after the cursor, in order." },
        cursor: { type: "string", description: "The `last_event_id` of the next poll." },
      },
      ["updates", "cursor"],
    ),
  } satisfies Schema,
};
