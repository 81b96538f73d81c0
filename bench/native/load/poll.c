/*
 * Polling: each client asks for the state at its interval, with the ETag that it has, on a keep-alive connection of its own; clients
 * are spread evenly over the interval. An update has reached a client when an answer carries it or a later one, which supersedes it.
 */
#include "load.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct poller {
  int fd; /* -1: none, as at first or when the server closed it while it was idle, as it may */
  bool waiting;
  uint32_t seen; /* updates before this one were seen */
  size_t length;
  char etag[128];
  char answer[HEAD_MAX + 1];
};

static struct poller *pollers;
static uint64_t requests, not_modified, skipped, superseded;

static void ask(uint32_t index) {
  static struct text request;
  struct poller *poller = &pollers[index];
  requests++;
  if (poller->waiting) {
    skipped++;
    return;
  }
  request.length = 0;
  append(&request, "GET ");
  expand(&request, options.subscribe, 0, NULL);
  append(&request, " HTTP/1.1\r\nHost: 127.0.0.1:%u\r\nAccept: application/json\r\n", options.port);
  if (poller->etag[0]) append(&request, "If-None-Match: %s\r\n", poller->etag);
  append(&request, "%s\r\n", options.subscribe_fields);
  if (poller->fd < 0) poller->fd = open_connection(options.port, index);
  poller->waiting = true;
  poller->length = 0;
  bytes_sent += send_request(poller->fd, request.bytes, request.length);
}

static void see_updates(struct poller *poller, const char *body, uint64_t at) {
  const char *found = strstr(body, MARKER);
  if (!found) return;
  uint32_t last = parse_number(found + MARKER_LENGTH);
  if (last >= update_count) fail("a client saw update %u, which was never published", last);
  if (last + 1 < poller->seen) fail("a client saw update %u after update %u", last, poller->seen - 1);
  for (; poller->seen <= last; poller->seen++) {
    struct update *update = &updates[poller->seen];
    update->received++;
    if (poller->seen < last) superseded++;
    if (poller->seen >= first_measured) {
      deliveries++;
      record(&delivery_latency, at - update->sent_at);
    }
    complete_if_done(update);
  }
}

static void read_answer(struct poller *poller, const char *body, uint64_t at) {
  const char *answer = poller->answer, *etag = strcasestr(answer, "\r\nETag: ");
  if (etag && etag < body) snprintf(poller->etag, sizeof poller->etag, "%.*s", (int)strcspn(etag + 8, "\r"), etag + 8);
  poller->waiting = false;
  last_progress = at;
  if (!strncmp(answer, "HTTP/1.1 304", 12)) not_modified++;
  else see_updates(poller, body, at);
}

void read_poller(uint32_t index) {
  struct poller *poller = &pollers[index];
  ssize_t got = recv(poller->fd, poller->answer + poller->length, HEAD_MAX - poller->length, 0);
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (got <= 0) {
    if (poller->waiting) fail("the server closed a client's connection, or its answer is longer than %d bytes", HEAD_MAX);
    close(poller->fd);
    poller->fd = -1;
    return;
  }
  bytes_read += (uint64_t)got;
  poller->length += (size_t)got;
  poller->answer[poller->length] = '\0';
  const char *body = strstr(poller->answer, "\r\n\r\n");
  if (!body) return;
  body += 4;
  bool unchanged = !strncmp(poller->answer, "HTTP/1.1 304", 12);
  if (!unchanged && strncmp(poller->answer, "HTTP/1.1 200", 12) != 0) fail("polling was refused:\n%s", poller->answer);
  const char *field = strcasestr(poller->answer, "\r\nContent-Length:");
  if (!unchanged && (!field || field >= body)) fail("the answer to a poll has no length:\n%s", poller->answer);
  size_t needed = unchanged ? 0 : strtoul(field + strlen("\r\nContent-Length:"), NULL, 10);
  if (poller->length - (size_t)(body - poller->answer) >= needed) read_answer(poller, body, now_ns());
}

/* Polls for a time, and publishes at the rate if `publishing`; then until everyone has seen everything. */
static struct readings poll_for(double seconds, bool publishing) {
  uint64_t start = now_ns(), end = start + (uint64_t)(seconds * (double)NS_PER_S), asked = 0;
  double between_polls = (double)options.poll_ms * NS_PER_MS / options.subscribers, between_updates = (double)NS_PER_S / options.rate;
  uint32_t count = publishing ? (uint32_t)(seconds * options.rate + 0.5) : 0, sent = 0;
  struct readings at_end = {0};
  last_progress = start;
  for (;;) {
    uint64_t now = now_ns(), poll_due = start + (uint64_t)((double)asked * between_polls);
    uint64_t update_due = sent < count ? start + (uint64_t)((sent + 0.5) * between_updates) : UINT64_MAX;
    if (at_end.at == 0 && now >= end) at_end = read_meters();
    if (at_end.at != 0 && sent == count && completed_count == update_count) return at_end;
    if (update_due <= now && idle_count > 0) {
      publish(update_due);
      sent++;
    } else if (poll_due <= now) {
      ask((uint32_t)(asked++ % options.subscribers));
    } else {
      wake_at(poll_due < update_due ? poll_due : update_due);
      step(1000);
      check_stall("polling");
    }
    /* Answers are read between requests that are overdue, too. */
    if (poll_due <= now) step(0);
  }
}

void poll_in_turn(void) {
  connection_count = options.subscribers;
  pollers = allocate(options.subscribers, sizeof *pollers);
  for (uint32_t i = 0; i < options.subscribers; i++) pollers[i].fd = -1;
  poll_for(1.5 * options.poll_ms / 1000, false);
  first_measured = update_count;
  uint64_t requests_before = requests;
  struct readings before = read_meters(), after = poll_for(options.seconds, true);
  double asked = (after.at - before.at) / 1e6 / options.poll_ms * options.subscribers;
  if (skipped) fail("the server could not answer %llu of %llu polls before the next was due", (unsigned long long)skipped, (unsigned long long)requests);
  printf("{\"kind\":\"poll\",\"poll_ms\":%u,\"requests\":%.0f,\"requests_in_all\":%llu,\"not_modified\":%llu,\"superseded\":%llu,", options.poll_ms,
         asked, (unsigned long long)(requests - requests_before), (unsigned long long)not_modified, (unsigned long long)superseded);
  print_load(&before, &after);
  puts("}");
}
