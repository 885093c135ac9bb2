/* What the C tests share: a check that names its line, devices on files, and waiting for callbacks. */
#ifndef DMIO_TEST_H
#define DMIO_TEST_H

#define _GNU_SOURCE
#include <dmio.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static _Atomic int failures;

#define CHECK(condition)                                                                                               \
    do {                                                                                                               \
        if (!(condition)) {                                                                                            \
            failures++;                                                                                                \
            printf("%s:%d: %s: not so: %s (last error: %s)\n", __FILE__, __LINE__, __func__, #condition,               \
                   dmio_last_error());                                                                                 \
        }                                                                                                              \
    } while (0)

#define EQUAL(expected, actual)                                                                                        \
    do {                                                                                                               \
        long long expected_ = (long long)(expected), actual_ = (long long)(actual);                                    \
        if (expected_ != actual_) {                                                                                    \
            failures++;                                                                                                \
            printf("%s:%d: %s: %s is %lld, not %lld (last error: %s)\n", __FILE__, __LINE__, __func__, #actual,        \
                   actual_, expected_, dmio_last_error());                                                             \
        }                                                                                                              \
    } while (0)

/* -errno, and a text that says why. */
#define REFUSED(expected, part, call)                                                                                  \
    do {                                                                                                               \
        EQUAL(-(expected), call);                                                                                      \
        CHECK(strstr(dmio_last_error(), part) != NULL);                                                                \
    } while (0)

/* A new file, of so many sectors, as a device. */
static inline struct block_device *device_of(const char *folder, const char *name, unsigned long long sectors)
{
    char path[4096];
    struct block_device *device = NULL;
    snprintf(path, sizeof path, "%s/%s", folder, name);
    int file = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    CHECK(file >= 0);
    EQUAL(0, ftruncate(file, (off_t)(sectors * DMIO_SECTOR_SIZE)));
    close(file);
    EQUAL(0, dmio_device_open(path, DMIO_OPEN_BUFFERED, &device));
    return device;
}

/* 64 KiB, or what the machine wants at least: 128 KiB on Arm64. */
static inline size_t small_stack(void)
{
    return PTHREAD_STACK_MIN > 64 << 10 ? PTHREAD_STACK_MIN : 64 << 10;
}

static inline unsigned char *memory_of(size_t bytes, int seed)
{
    unsigned char *memory = aligned_alloc(DMIO_PAGE_SIZE, (bytes + DMIO_PAGE_SIZE - 1) / DMIO_PAGE_SIZE * DMIO_PAGE_SIZE);
    for (size_t i = 0; i < bytes; i++)
        memory[i] = (unsigned char)(i * 7 + i / DMIO_SECTOR_SIZE + (size_t)seed);
    return memory;
}

/* Counts callbacks and keeps the last one's bits. */
struct waiter {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    int ended;
    unsigned long bits;
    struct dmio_result result;
};

#define WAITER {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0, 0, {0}}

static inline void tell(struct waiter *waiter, unsigned long bits)
{
    pthread_mutex_lock(&waiter->lock);
    waiter->ended++;
    waiter->bits |= bits;
    pthread_cond_broadcast(&waiter->changed);
    pthread_mutex_unlock(&waiter->lock);
}

static inline void told(unsigned long error, void *context)
{
    tell(context, error);
}

static inline void told_result(const struct dmio_result *result, void *context)
{
    struct waiter *waiter = context;
    waiter->result = *result;
    tell(waiter, result->failed | result->unsupported);
}

static inline void wait_for(struct waiter *waiter, int ended)
{
    pthread_mutex_lock(&waiter->lock);
    while (waiter->ended < ended)
        pthread_cond_wait(&waiter->changed, &waiter->lock);
    pthread_mutex_unlock(&waiter->lock);
}

struct test {
    const char *name;
    void (*run)(void);
};

/* A program's exit code. */
static inline int run_all(const struct test *tests, size_t count)
{
    setvbuf(stdout, NULL, _IOLBF, 0);
    for (size_t i = 0; i < count; i++) {
        int before = failures;
        tests[i].run();
        printf("%s: %s\n", tests[i].name, failures == before ? "ok" : "FAILED");
    }

    return failures != 0;
}

#endif
