/* Load: what is published, when, and what it cost. */
#include "load.h"

#include <stdio.h>
#include <unistd.h>

struct readings read_meters(void) {
  return (struct readings){.server = server_cpu_ns(), .own = own_cpu_ns(), .at = now_ns(), .received = bytes_read, .sent = bytes_sent};
}

/* Closed loop: publishes for a time and for a number of updates, whichever takes longer, and waits until all are complete. */
static void publish_when_idle(uint64_t end, uint32_t least) {
  last_progress = now_ns();
  for (;;) {
    bool more;
    while ((more = update_count < least || now_ns() < end) && idle_count > 0) publish(now_ns());
    if (!more && completed_count == update_count) return;
    step(1000);
    check_stall("publishing");
  }
}

/* Open loop: updates are due at their times, whatever the server does; one that had to wait for a publisher was late by that. */
static void publish_when_due(uint64_t start, uint64_t end) {
  uint32_t count = (uint32_t)((double)(end - start) * options.rate / (double)NS_PER_S + 0.5), sent = 0;
  if (count == 0) count = 1;
  for (;;) {
    uint64_t due = start + (uint64_t)((sent + 0.5) * (double)NS_PER_S / options.rate), now = now_ns();
    if (sent < count && due <= now && idle_count > 0) {
      publish(due);
      sent++;
      continue;
    }
    if (sent == count && now >= end && completed_count == update_count) return;
    uint64_t next = sent < count && due > now ? due : end;
    if (next > now) wake_at(next);
    step(1000);
    if (completed_count < update_count) check_stall("publishing");
  }
}

void run_for(double seconds) {
  uint64_t start = now_ns(), end = start + (uint64_t)(seconds * (double)NS_PER_S);
  if (options.rate > 0) publish_when_due(start, end);
  else publish_when_idle(end, update_count + options.minimum_updates);
}

void publish_number(uint32_t count) { publish_when_idle(0, update_count + count); }

/* By number and by digest: each subscriber has every update of its topic once. */
void check_totals(void) {
  for (uint32_t i = 0; i < options.subscribers; i++) {
    struct subscriber *subscriber = &subscribers[i];
    uint32_t group = group_of(subscriber), expected = update_count / options.topics + (group < update_count % options.topics);
    if (subscriber->received != expected) fail("subscriber %u received %u updates of %u", i, subscriber->received, expected);
    if (subscriber->digest != digests[group]) fail("subscriber %u received an update twice, and another not at all", i);
  }
}

static double each(double sum, double count) { return count > 0 ? sum / count : 0; }

/* The object that every measurement of load prints, without its braces. */
void print_load(const struct readings *before, const struct readings *after) {
  uint32_t made = update_count - first_measured;
  double seconds = (double)(after->at - before->at) / NS_PER_S, own = (double)(after->own - before->own) / NS_PER_S;
  double server = (double)(after->server - before->server) / NS_PER_S, count = (double)deliveries;
  uint64_t received = after->received - before->received;
  printf("\"subscribers\":%u,\"topics\":%u,\"bystanders\":%u,\"window\":%u,\"seconds\":%.4f,\"updates\":%u,\"deliveries\":%llu,"
         "\"updates_per_second\":%.2f,\"deliveries_per_second\":%.0f,\"server_cpu_us_per_delivery\":%.4f,"
         "\"server_cpu_us_per_update\":%.4f,\"server_cpu_share\":%.4f,\"generator_cpu_share\":%.4f,\"generator_bound\":%s,"
         "\"bytes_received\":%llu,\"bytes_sent\":%llu,\"bytes_per_delivery\":%.1f,"
         "\"latency_ms\":{\"p50\":%.3f,\"p99\":%.3f,\"max\":%.3f},\"answer_ms\":{\"p50\":%.3f,\"p99\":%.3f,\"max\":%.3f}",
         options.subscribers, options.topics, options.bystanders, options.window, seconds, made, (unsigned long long)deliveries,
         made / seconds, count / seconds, each(server * 1e6, count), each(server * 1e6, made), server / seconds,
         own / seconds, own / seconds >= 0.9 ? "true" : "false", (unsigned long long)received,
         (unsigned long long)(after->sent - before->sent), each((double)received, count), quantile_ms(&delivery_latency, 0.5),
         quantile_ms(&delivery_latency, 0.99), maximum_ms(&delivery_latency), quantile_ms(&answer_latency, 0.5),
         quantile_ms(&answer_latency, 0.99), maximum_ms(&answer_latency));
}

void measure(double opening_seconds) {
  stay_quiet(QUIET_MS); /* what a server sends by itself on connect */
  run_for(options.warm_up);
  stay_quiet(QUIET_MS);
  first_measured = update_count;
  struct readings before = read_meters();
  run_for(options.seconds);
  struct readings after = read_meters();
  stay_quiet(QUIET_MS);
  after.server = server_cpu_ns(); /* work put off is counted, too */
  check_totals();
  printf("{\"kind\":\"load\",\"opening_seconds\":%.3f,", opening_seconds);
  print_load(&before, &after);
  puts("}");
}

void hold(double opening_seconds) {
  watch(STDIN_FILENO, STDIN_KEY);
  printf("{\"holding\":%u,\"opening_seconds\":%.3f}\n", connection_count, opening_seconds);
  fflush(stdout);
  while (step(60000)) continue;
}
