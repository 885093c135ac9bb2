/*
 * caller DEVICE DEPTH SECONDS [wakeable]: 4 KiB random reads on a reactor of libdmio into registered memory; each callback
 * submits the next. ReadLoad.cs is the same in C#. Prints nanoseconds of processor time and of time a request, requests,
 * the processor time's user and system part, and requests for each io_uring_enter.
 */
#define _GNU_SOURCE
#include <dmio.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <time.h>

enum { BLOCK = 4096, BATCH = 32 };

static struct dmio_reactor *reactor;
static struct block_device *device;
static unsigned char *memory;
static uint64_t blocks, ended, under_way, random_state = 88172645463325252u;
static int goes_on;

static void fail(const char *what)
{
    fprintf(stderr, "caller: %s\n", what);
    exit(1);
}

static void read_block(uintptr_t slot);

static void on_ended(const struct dmio_result *result, void *slot)
{
    if (result->bytes != BLOCK)
        fail("a read has failed");
    ended++;
    under_way--;
    if (goes_on)
        read_block((uintptr_t)slot);
}

static void read_block(uintptr_t slot)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    uint64_t block = (uint64_t)(((unsigned __int128)random_state * blocks) >> 64);
    struct io_region region = {device, block * (BLOCK / DMIO_SECTOR_SIZE), BLOCK / DMIO_SECTOR_SIZE};
    struct dmio_request request = {.where = &region, .num_regions = 1, .rw = DMIO_READ, .data = memory + slot * BLOCK, .length = BLOCK};
    if (dmio_reactor_submit(reactor, &request, on_ended, (void *)slot) < 0)
        fail(dmio_last_error());
    under_way++;
}

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

static double seconds_of(struct timeval time)
{
    return (double)time.tv_sec + (double)time.tv_usec * 1e-6;
}

static uint64_t enters(void)
{
    struct dmio_statistics statistics;
    if (dmio_reactor_statistics(reactor, &statistics, sizeof statistics) < 0)
        fail(dmio_last_error());
    return statistics.enters;
}

static double run_for(unsigned depth, double seconds)
{
    double start = now();
    goes_on = 1;
    for (unsigned slot = 0; slot < depth; slot++)
        read_block(slot);
    while (now() < start + seconds) {
        if (dmio_reactor_poll(reactor, depth < BATCH ? depth : BATCH, -1) < 0)
            fail(dmio_last_error());
    }

    goes_on = 0;
    while (under_way > 0) {
        if (dmio_reactor_poll(reactor, 1, -1) < 0)
            fail(dmio_last_error());
    }

    return now() - start;
}

int main(int count, char **arguments)
{
    struct dmio_client_options options = {.flags = count == 5 && strcmp(arguments[4], "wakeable") == 0 ? DMIO_CLIENT_WAKEABLE : 0};
    if (count != 4 && options.flags == 0)
        fail("caller DEVICE DEPTH SECONDS [wakeable]");
    unsigned depth = (unsigned)atoi(arguments[2]);
    struct dmio_device_info info;
    struct dmio_memory *registered;
    if (dmio_device_open(arguments[1], DMIO_OPEN_READ_ONLY, &device) < 0 || dmio_device_info(device, &info, sizeof info) < 0 ||
        dmio_reactor_open(&options, sizeof options, &reactor) < 0)
        fail(dmio_last_error());
    blocks = info.sectors * DMIO_SECTOR_SIZE / BLOCK;
    memory = mmap(NULL, (size_t)depth * BLOCK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED || dmio_reactor_memory_register(reactor, memory, (size_t)depth * BLOCK, &registered) < 0)
        fail("no memory");
    run_for(depth, 0.5);
    uint64_t before = ended;
    struct rusage start, end;
    uint64_t entered = enters();
    getrusage(RUSAGE_SELF, &start);
    double took = run_for(depth, atof(arguments[3]));
    getrusage(RUSAGE_SELF, &end);
    double user = seconds_of(end.ru_utime) - seconds_of(start.ru_utime), system = seconds_of(end.ru_stime) - seconds_of(start.ru_stime);
    double requests = (double)(ended - before);
    printf("%.1f %.1f %.0f %.1f %.1f %.2f\n", (user + system) * 1e9 / requests, took * 1e9 / requests, requests, user * 1e9 / requests, system * 1e9 / requests,
           requests / (double)(enters() - entered));
    return dmio_reactor_close(reactor) < 0;
}
