export default defineEventHandler(() => ({ streams: hub.stats().subscribers }));
