import { randomUUID } from "node:crypto";

export default defineEventHandler(async (event) => {
  const { user } = await readBody(event); // A real application asks for a password.
  const sid = randomUUID();
  sessions.set(sid, user);
  setCookie(event, "sid", sid, { httpOnly: true, sameSite: "lax" });
  return sendRedirect(event, "/", 303); // The page opens its stream again.
});
