import { sessionOf, storage } from "../live.server.js";

export async function action({ request }) {
  const session = await sessionOf(request);
  session.set("user", (await request.formData()).get("user")); // A real application asks for a password.
  return new Response(null, { status: 204, headers: { "Set-Cookie": await storage.commitSession(session) } });
}
