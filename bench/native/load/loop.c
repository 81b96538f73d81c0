/* Connections, and waiting for them. */
#include "load.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

enum { EVENTS_AT_ONCE = 1024 };

uint64_t last_progress;
static int epoll, timer;

/* A connection's place in the set: the index of a subscriber, or of a publisher with its bit, or a key of its own. */
void watch(int fd, uint64_t key) {
  struct epoll_event event = {.events = EPOLLIN, .data.u64 = key};
  if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) < 0) fail_errno("epoll_ctl");
}

void open_loop(void) {
  epoll = epoll_create1(EPOLL_CLOEXEC);
  if (epoll < 0) fail_errno("epoll_create1");
  timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
  if (timer < 0) fail_errno("timerfd_create");
  watch(timer, TIMER_KEY);
}

int open_connection(uint16_t port, uint64_t key) {
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) fail_errno("socket");
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  if (connect(fd, (struct sockaddr *)&address, sizeof address) < 0) fail_errno("connect");
  int on = 1;
  if (setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) < 0) fail_errno("setsockopt");
  if (fcntl(fd, F_SETFL, O_NONBLOCK) < 0) fail_errno("fcntl");
  watch(fd, key);
  return fd;
}

/* These requests are small and the socket is empty, so that a partial write means that something is wrong. */
size_t send_request(int fd, const char *bytes, size_t length) {
  ssize_t sent = send(fd, bytes, length, MSG_NOSIGNAL);
  if (sent < 0) fail_errno("send");
  if ((size_t)sent != length) fail("a request was sent in part only");
  return length;
}

/* Ends the next step() at this time; finer than the milliseconds that epoll_wait() counts. */
void wake_at(uint64_t at) {
  struct itimerspec when = {.it_value = {.tv_sec = (time_t)(at / NS_PER_S), .tv_nsec = (long)(at % NS_PER_S)}};
  if (timerfd_settime(timer, TFD_TIMER_ABSTIME, &when, NULL) < 0) fail_errno("timerfd_settime");
}

/* Waits for input and reads it. False when nothing came in time, or when standard input ended. */
bool step(int timeout_ms) {
  static struct epoll_event events[EVENTS_AT_ONCE];
  int ready = epoll_wait(epoll, events, EVENTS_AT_ONCE, timeout_ms);
  if (ready < 0 && errno != EINTR) fail_errno("epoll_wait");
  for (int i = 0; i < ready; i++) {
    uint64_t key = events[i].data.u64, expirations;
    char ignored[64];
    if (key == STDIN_KEY) {
      if (read(STDIN_FILENO, ignored, sizeof ignored) <= 0) return false;
    } else if (key == TIMER_KEY) {
      if (read(timer, &expirations, sizeof expirations) < 0 && errno != EAGAIN) fail_errno("timerfd");
    } else if (key & PUBLISHER_BIT) {
      read_publisher(&publishers[key & ~PUBLISHER_BIT]);
    } else if (options.mode == POLL) {
      read_poller((uint32_t)key);
    } else {
      read_subscriber(&subscribers[key]);
    }
  }
  return ready != 0;
}

/* Reads for a while in which no update is in flight: whatever is counted now is a repeat, and fails. */
void stay_quiet(uint64_t duration_ms) {
  uint64_t end = now_ns() + duration_ms * NS_PER_MS;
  for (uint64_t now = now_ns(); now < end; now = now_ns()) step((int)((end - now) / NS_PER_MS) + 1);
}

/* The first update that is in flight, for the reader of a complaint. */
static void describe_incomplete(char *text, size_t size) {
  for (uint32_t i = 0; i < update_count; i++) {
    const struct update *update = &updates[i];
    if (update->answered && update->received >= update->expected) continue;
    const char *answered = update->answered ? "answered" : "not answered";
    snprintf(text, size, "; update %u was %s, and received by %u of %u", i, answered, update->received, update->expected);
    return;
  }
}

void check_stall(const char *doing) {
  if (now_ns() - last_progress < options.stall_ms * NS_PER_MS) return;
  char detail[128] = "";
  describe_incomplete(detail, sizeof detail);
  fail("no progress for %u ms while %s: %u of %u connections open, %u of %u updates complete%s", options.stall_ms, doing, open_count,
       connection_count, completed_count, update_count, detail);
}
