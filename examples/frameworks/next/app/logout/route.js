import { cookies } from "next/headers";
import { hub, sessions } from "../../lib/live.mjs";

export async function POST() {
  const sid = (await cookies()).get("sid")?.value;
  const user = sessions.get(sid);
  sessions.delete(sid);
  if (user) await hub.disconnect({ subject: user });
  return new Response(null, { status: 204 });
}
