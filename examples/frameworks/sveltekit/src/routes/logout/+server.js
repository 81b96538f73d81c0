import { hub, sessions } from "../../lib/server/live.js";

export async function POST({ cookies }) {
  const sid = cookies.get("sid");
  const user = sessions.get(sid);
  sessions.delete(sid);
  if (user) await hub.disconnect({ subject: user });
  return new Response(null, { status: 204 });
}
