/*
 * What nbdkit-dmio-plugin.c serves with mirror=open and mirror=create: libdmio's own mirror, which records on the legs
 * which of them are in sync, and brings the others up to date in the background.
 */
#ifndef NBDKIT_DMIO_MIRROR_H
#define NBDKIT_DMIO_MIRROR_H

#include <nbdkit-plugin.h>

#include <dmio.h>
#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static enum { NO_MIRROR, OPEN_MIRROR, CREATE_MIRROR } mirror_mode;
static struct dmio_mirror_options mirror_options;
static bool mirror_missing, mirror_resync = true;
static unsigned int mirror_retry;
static struct dmio_mirror *mirror;

static struct block_device *mirror_devices[DMIO_MAX_REGIONS];
static const char *mirror_paths[DMIO_MAX_REGIONS];
static unsigned int mirror_device_count;

/* What the log has said of each leg, so that it does not say it again with each try. Of the callback's thread. */
static char mirror_said[DMIO_MAX_REGIONS][sizeof((struct dmio_mirror_leg *)0)->reason];

static pthread_t mirror_thread;
static bool mirror_has_thread, mirror_stops;
static pthread_mutex_t mirror_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t mirror_stopped = PTHREAD_COND_INITIALIZER;

static int mirror_config_bool(const char *value, bool *into)
{
    int parsed = nbdkit_parse_bool(value);
    if (parsed >= 0)
        *into = parsed;
    return parsed < 0 ? -1 : 0;
}

static int mirror_config_flag(const char *value, unsigned int flag)
{
    bool is_set = false;
    if (mirror_config_bool(value, &is_set) < 0)
        return -1;
    mirror_options.flags = is_set ? mirror_options.flags | flag : mirror_options.flags & ~flag;
    return 0;
}

/* 1: not a parameter of a mirror. */
static int mirror_config(const char *key, const char *value)
{
    if (strcmp(key, "mirror") == 0) {
        mirror_mode = strcmp(value, "open") == 0     ? OPEN_MIRROR
                      : strcmp(value, "create") == 0 ? CREATE_MIRROR
                                                     : NO_MIRROR;
        if (mirror_mode != NO_MIRROR)
            return 0;
        nbdkit_error("mirror=%s: it is open or create", value);
        return -1;
    }

    if (strcmp(key, "resync") == 0)
        return mirror_config_bool(value, &mirror_resync);
    if (strcmp(key, "retry") == 0)
        return nbdkit_parse_unsigned(key, value, &mirror_retry);
    if (strcmp(key, "missing") == 0)
        return mirror_config_bool(value, &mirror_missing);
    if (strcmp(key, "equal") == 0)
        return mirror_config_flag(value, DMIO_MIRROR_ASSUME_EQUAL);
    if (strcmp(key, "overwrite") == 0)
        return mirror_config_flag(value, DMIO_MIRROR_OVERWRITE);
    if (strcmp(key, "checksums") == 0)
        return mirror_config_flag(value, DMIO_MIRROR_CHECKSUMS);
    return 1;
}

static const char *mirror_path_of(const struct dmio_mirror_leg *leg)
{
    for (unsigned int i = 0; i < mirror_device_count; i++) {
        if (mirror_devices[i] == leg->device)
            return mirror_paths[i];
    }

    return "(no device)";
}

static const char *mirror_state_of(const struct dmio_mirror_leg *leg)
{
    switch (leg->state) {
    case DMIO_LEG_IN_SYNC:
        return "in sync";
    case DMIO_LEG_RESYNCING:
        return "resyncing";
    case DMIO_LEG_MISSING:
        return "missing";
    default:
        return "degraded";
    }
}

static void mirror_say(const struct dmio_mirror_leg *leg, void *legs)
{
    const char *path = mirror_path_of(leg), *state = mirror_state_of(leg);
    unsigned int count = *(unsigned int *)legs;
    if (leg->state == DMIO_LEG_IN_SYNC)
        mirror_said[leg->leg][0] = '\0';
    if (leg->state == DMIO_LEG_IN_SYNC || leg->state == DMIO_LEG_RESYNCING
        || (leg->reason[0] != '\0' && strcmp(mirror_said[leg->leg], leg->reason) == 0)) {
        nbdkit_debug("%s: %s, leg %u of %u", path, state, leg->leg + 1, count);
        return;
    }

    memcpy(mirror_said[leg->leg], leg->reason, sizeof leg->reason);
    nbdkit_error("%s: %s, leg %u of %u: %s", path, state, leg->leg + 1, count, leg->reason);
}

/* Waits for the next try, or the end. */
static bool mirror_waits(void)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += mirror_retry;
    pthread_mutex_lock(&mirror_lock);
    while (!mirror_stops && pthread_cond_timedwait(&mirror_stopped, &mirror_lock, &until) == 0)
        ;
    bool goes_on = !mirror_stops;
    pthread_mutex_unlock(&mirror_lock);
    return goes_on;
}

static void *mirror_bring_up_to_date(void *unused)
{
    (void)unused;
    do {
        struct dmio_mirror_status status;
        struct dmio_mirror_resync_result result;
        if (dmio_mirror_status(mirror, &status, sizeof status) < 0 || status.needs_resync == 0)
            continue;
        int error = dmio_mirror_resync(mirror, 0, &result, sizeof result);
        if (error == 0)
            nbdkit_debug("resynchronized: %llu regions copied", (unsigned long long)result.copied_regions);
        else if (error != -ECANCELED && error != -EBADF)
            nbdkit_debug("not resynchronized: %s", dmio_last_error());
    } while (mirror_retry > 0 && mirror_waits());
    return NULL;
}

/* Has a device, which is given in the order of the parameters, as a leg. */
static void mirror_add(struct block_device *device, const char *path)
{
    mirror_devices[mirror_device_count] = device;
    mirror_paths[mirror_device_count++] = path;
}

static int mirror_start(uint64_t *size, uint32_t *block)
{
    static unsigned int legs;
    struct dmio_mirror_status status;
    unsigned int flags = mirror_missing ? DMIO_MIRROR_ALLOW_MISSING : 0;
    int error = mirror_mode == CREATE_MIRROR
                    ? dmio_mirror_create(NULL, mirror_devices, mirror_device_count, &mirror_options,
                                         sizeof mirror_options, &mirror)
                    : dmio_mirror_open(NULL, mirror_devices, mirror_device_count, flags, &mirror);
    if (error == 0)
        error = dmio_mirror_status(mirror, &status, sizeof status);
    if (error != 0) {
        nbdkit_error("%s", dmio_last_error());
        return -1;
    }

    *size = status.sectors * DMIO_SECTOR_SIZE;
    *block = status.logical_block_size;
    legs = status.legs;
    for (unsigned int i = 0; i < legs; i++) {
        struct dmio_mirror_leg leg;
        if (dmio_mirror_leg_status(mirror, i, &leg, sizeof leg) == 0)
            mirror_say(&leg, &legs);
    }

    dmio_mirror_watch(mirror, mirror_say, &legs);
    if (!mirror_resync || (status.needs_resync == 0 && mirror_retry == 0))
        return 0;
    mirror_has_thread = pthread_create(&mirror_thread, NULL, mirror_bring_up_to_date, NULL) == 0;
    if (!mirror_has_thread)
        nbdkit_error("there is no thread for the resync");
    return 0;
}

static void mirror_end(void)
{
    pthread_mutex_lock(&mirror_lock);
    mirror_stops = true;
    pthread_cond_broadcast(&mirror_stopped);
    pthread_mutex_unlock(&mirror_lock);

    /* Ends a resync, too. */
    if (mirror != NULL && dmio_mirror_close(mirror) < 0)
        nbdkit_error("%s", dmio_last_error());
    if (mirror_has_thread)
        pthread_join(mirror_thread, NULL);
}

/* How many legs are in sync, and what is with the others. */
static const char *mirror_description(void *handle)
{
    char text[2048];
    struct dmio_mirror_status status;
    (void)handle;
    if (dmio_mirror_status(mirror, &status, sizeof status) < 0)
        return NULL;
    size_t length = (size_t)snprintf(text, sizeof text, "mirror of %u legs, %d in sync", status.legs,
                                     __builtin_popcountll(status.in_sync));
    for (unsigned int i = 0; i < status.legs && length < sizeof text; i++) {
        struct dmio_mirror_leg leg;
        if (dmio_mirror_leg_status(mirror, i, &leg, sizeof leg) < 0 || leg.state == DMIO_LEG_IN_SYNC)
            continue;
        length += (size_t)snprintf(text + length, sizeof text - length, "; leg %u of %u, %s: %s%s%s", i + 1,
                                   status.legs, mirror_path_of(&leg), mirror_state_of(&leg),
                                   leg.reason[0] == '\0' ? "" : ", ", leg.reason);
    }

    return nbdkit_strdup_intern(text);
}

/* An errno of NBD; *text says why. */
static int mirror_error(int error, const char **text)
{
    *text = dmio_last_error();
    return error == 0 || error == -EOPNOTSUPP ? -error : EIO;
}

#endif
