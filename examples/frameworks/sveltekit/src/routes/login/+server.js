import { randomUUID } from "node:crypto";
import { sessions } from "../../lib/server/live.js";

export async function POST({ cookies, request }) {
  const sid = randomUUID();
  sessions.set(sid, (await request.formData()).get("user")); // A real application asks for a password.
  cookies.set("sid", sid, { path: "/", secure: false }); // A real application has HTTPS, and leaves `secure` out.
  return new Response(null, { status: 204 });
}
