import { randomUUID } from "node:crypto";
import { redirect } from "@sveltejs/kit";
import { sessions } from "../../lib/server/live.js";

export async function POST({ cookies, request }) {
  const sid = randomUUID();
  sessions.set(sid, (await request.formData()).get("user")); // A real application asks for a password.
  cookies.set("sid", sid, { path: "/", secure: false }); // A real application has HTTPS, and leaves `secure` out.
  redirect(303, "/"); // The page opens its stream again.
}
