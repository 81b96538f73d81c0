export default defineEventHandler(async (event) => {
  const sid = getCookie(event, "sid");
  const user = sessions.get(sid);
  sessions.delete(sid);
  if (user) await hub.disconnect({ subject: user });
  return sendNoContent(event);
});
