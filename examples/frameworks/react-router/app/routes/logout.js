import { hub, sessionOf, storage } from "../live.server.js";

export async function action({ request }) {
  const session = await sessionOf(request);
  const cookie = await storage.destroySession(session);
  if (session.has("user")) await hub.disconnect({ subject: session.get("user") });
  return new Response(null, { status: 204, headers: { "Set-Cookie": cookie } });
}
