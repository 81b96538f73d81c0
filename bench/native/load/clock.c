/* Time, processor time, and histograms of it. */
#include "load.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { PIDS_MAX = 32 };
static pid_t pids[PIDS_MAX];
static size_t pid_count;

void fail(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  fputs("load: ", stderr);
  vfprintf(stderr, format, arguments);
  fputc('\n', stderr);
  va_end(arguments);
  exit(1);
}

void fail_errno(const char *what) { fail("%s: %s", what, strerror(errno)); }

void *allocate(size_t count, size_t size) {
  void *memory = calloc(count ? count : 1, size);
  if (!memory) fail("out of memory");
  return memory;
}

static uint64_t clock_ns(clockid_t clock) {
  struct timespec time;
  if (clock_gettime(clock, &time) < 0) fail_errno("clock_gettime");
  return (uint64_t)time.tv_sec * NS_PER_S + (uint64_t)time.tv_nsec;
}

uint64_t now_ns(void) { return clock_ns(CLOCK_MONOTONIC); }

uint64_t own_cpu_ns(void) { return clock_ns(CLOCK_PROCESS_CPUTIME_ID); }

void add_server_pid(pid_t pid) {
  if (pid_count == PIDS_MAX) fail("--pids takes at most %d", PIDS_MAX);
  pids[pid_count++] = pid;
}

uint64_t server_cpu_ns(void) {
  uint64_t total = 0;
  for (size_t i = 0; i < pid_count; i++) {
    clockid_t clock;
    int error = clock_getcpuclockid(pids[i], &clock);
    if (error) fail("CPU time of process %d: %s", (int)pids[i], strerror(error));
    total += clock_ns(clock);
  }
  return total;
}

/* 32 steps to each doubling. */
enum { STEP_BITS = 5, STEPS = 1 << STEP_BITS, BUCKETS = 64 * STEPS };

void record(struct histogram *histogram, uint64_t ns) {
  if (!histogram->buckets) histogram->buckets = allocate(BUCKETS, sizeof *histogram->buckets);
  if (ns > histogram->max) histogram->max = ns;
  int exponent = ns < STEPS ? 0 : 63 - __builtin_clzll(ns) - STEP_BITS;
  histogram->buckets[((size_t)exponent << STEP_BITS) + (ns >> exponent)]++;
  histogram->count++;
}

double quantile_ms(const struct histogram *histogram, double quantile) {
  uint64_t rank = (uint64_t)(quantile * (double)histogram->count), seen = 0;
  for (size_t i = 0; i < BUCKETS && histogram->buckets; i++) {
    seen += histogram->buckets[i];
    if (seen <= rank) continue;
    /* Exponent e holds STEPS <= ns >> e < 2 * STEPS, so its buckets begin at (e + 1) * STEPS; exponent 0 also holds less. */
    size_t exponent = i < 2 * STEPS ? 0 : (i >> STEP_BITS) - 1;
    uint64_t step = i - (exponent << STEP_BITS);
    double top = (double)((step + 1) << exponent) / NS_PER_MS;
    return top < maximum_ms(histogram) ? top : maximum_ms(histogram);
  }
  return maximum_ms(histogram);
}

double maximum_ms(const struct histogram *histogram) { return (double)histogram->max / NS_PER_MS; }
