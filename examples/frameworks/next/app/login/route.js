import { randomUUID } from "node:crypto";
import { cookies } from "next/headers";
import { sessions } from "../../lib/live.mjs";

export async function POST(request) {
  const sid = randomUUID();
  sessions.set(sid, (await request.formData()).get("user")); // A real application asks for a password.
  (await cookies()).set("sid", sid, { httpOnly: true, sameSite: "lax" });
  return new Response(null, { status: 303, headers: { Location: "/" } }); // The page opens its stream again.
}
