import { problem } from "./problem.ts";
import { roomPath } from "./room-name.ts";
import type { BearerRefusal } from "./room-tokens.ts";

/** Answers that it is done, and no more. */
export function done(): Response {
  return new Response(null, { status: 204, headers: { "Cache-Control": "no-store" } });
}

/** Answers to a message that is in the journal. */
export function accepted(id: string, visitor: string, duplicate: boolean): Response {
  return Response.json({ id, visitor, duplicate }, { status: duplicate ? 200 : 201, headers: { "Cache-Control": "no-store" } });
}

/** Answers to a request without a token that is accepted. */
export function refuse(refusal: BearerRefusal, room: string): Response {
  const challenge = refusal === "unauthorized" ? "Bearer" : `Bearer error="${refusal}"`;
  return problem(refusal, `Get a token with POST ${roomPath(room)}/token, and send it as Authorization: Bearer.`, {
    "WWW-Authenticate": challenge,
  });
}
