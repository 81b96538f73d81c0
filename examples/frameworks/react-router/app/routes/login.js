import { sessionOf, storage } from "../live.server.js";

export async function action({ request }) {
  const session = await sessionOf(request);
  session.set("user", (await request.formData()).get("user")); // A real application asks for a password.
  // The page opens its stream again.
  return new Response(null, { status: 303, headers: { Location: "/", "Set-Cookie": await storage.commitSession(session) } });
}
