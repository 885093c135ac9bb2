/*
 * An nbdkit plugin over libdmio: files and block devices as the legs of one mirror.
 *
 *     cc -shared -fPIC nbdkit-dmio-plugin.c $(pkg-config --cflags --libs dmio) -o nbdkit-dmio-plugin.so
 *     nbdkit ./nbdkit-dmio-plugin.so leg=PATH leg=PATH ... [mirror=create|open]
 *
 * With mirror= the legs have the metadata of libdmio's mirror: nbdkit-dmio-mirror.h. Without it they have nothing but
 * the data: a read is of the first leg that is well, a write of all that are, in one request. A leg that fails is
 * degraded: it is reported, and neither read nor written any more until nbdkit is started again, because its data is old
 * then. The plugin remembers that nowhere: copy a good leg onto one that was degraded before it is a leg again. What a
 * device can't do is an error of the request and degrades nothing. When no leg has done it, the request is EIO.
 * Holes are those of the leg that is read, where that is a file; a block device has none.
 */
#define _GNU_SOURCE /* SEEK_DATA */
#define NBDKIT_API_VERSION 2
#include <nbdkit-plugin.h>

#include <dmio.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "nbdkit-dmio-mirror.h"

#define THREAD_MODEL NBDKIT_THREAD_MODEL_PARALLEL

enum { PAGES = 256, PREFERRED = DMIO_PAGE_SIZE, MAXIMUM = 32 << 20 };

static char *paths[DMIO_MAX_REGIONS];
static struct block_device *devices[DMIO_MAX_REGIONS];
static uint64_t sectors[DMIO_MAX_REGIONS];

/* To look for holes; -1 for a block device. */
static int files[DMIO_MAX_REGIONS];
static int legs;
static uint64_t size;
static uint32_t block = DMIO_SECTOR_SIZE;
static bool buffered;

/* Bit i: leg i. Bits are only ever set. */
static _Atomic uint64_t degraded;

static int config(const char *key, const char *value)
{
    if (strcmp(key, "buffered") == 0) {
        int parsed = nbdkit_parse_bool(value);
        if (parsed < 0)
            return -1;
        buffered = parsed;
        return 0;
    }

    int of_mirror = mirror_config(key, value);
    if (of_mirror <= 0)
        return of_mirror;
    if (strcmp(key, "leg") != 0) {
        nbdkit_error("unknown parameter '%s'", key);
        return -1;
    }

    if (legs == DMIO_MAX_REGIONS) {
        nbdkit_error("there can be %d legs and no more", DMIO_MAX_REGIONS);
        return -1;
    }

    /* nbdkit changes its folder when it goes into the background. */
    paths[legs] = nbdkit_realpath(value);
    return paths[legs] == NULL ? -1 : (legs++, 0);
}

static int config_complete(void)
{
    if (legs == 0) {
        nbdkit_error("name the legs: leg=PATH leg=PATH ...");
        return -1;
    }

    if (mirror_mode != CREATE_MIRROR && mirror_options.flags != 0) {
        nbdkit_error("equal, overwrite and checksums are for mirror=create");
        return -1;
    }

    return 0;
}

/* Not before: a child of a process that has used the library can't use it, and nbdkit forks into the background. */
static int open_legs(void)
{
    int error = dm_io_get(PAGES);
    for (int leg = 0; leg < legs && error == 0; leg++) {
        struct dmio_device_info info;
        files[leg] = -1;
        error = dmio_device_open(paths[leg], buffered ? DMIO_OPEN_BUFFERED : 0, &devices[leg]);
        if (error < 0 && mirror_mode == OPEN_MIRROR && mirror_missing) {
            nbdkit_error("%s: missing: %s", paths[leg], dmio_last_error());
            error = 0;
            continue;
        }

        if (error == 0)
            error = dmio_device_info(devices[leg], &info, sizeof info);
        if (error != 0) {
            nbdkit_error("%s: %s", paths[leg], dmio_last_error());
            return -1;
        }

        if (mirror_mode != NO_MIRROR) {
            mirror_add(devices[leg], paths[leg]);
            continue;
        }

        sectors[leg] = info.sectors;
        files[leg] = info.is_block_device ? -1 : open(paths[leg], O_RDONLY | O_CLOEXEC);
        if (block < info.logical_block_size)
            block = info.logical_block_size;
    }

    if (error != 0) {
        nbdkit_error("%s", dmio_last_error());
        return -1;
    }

    if (mirror_mode != NO_MIRROR)
        return mirror_start(&size, &block);
    size = sectors[0];
    for (int leg = 1; leg < legs; leg++)
        size = sectors[leg] < size ? sectors[leg] : size;
    size = size * DMIO_SECTOR_SIZE / block * block;
    return 0;
}

static void cleanup(void)
{
    mirror_end();
    for (int leg = 0; leg < legs; leg++) {
        if (devices[leg] == NULL)
            continue;
        dmio_device_close(devices[leg]);
        if (files[leg] > 0)
            close(files[leg]);
    }

    dm_io_put(PAGES);
}

static void unload(void)
{
    for (int leg = 0; leg < legs; leg++)
        free(paths[leg]);
}

static void *open_connection(int readonly)
{
    (void)readonly;
    return NBDKIT_HANDLE_NOT_NEEDED;
}

static int64_t get_size(void *handle)
{
    (void)handle;
    return (int64_t)size;
}

static const char *export_description(void *handle)
{
    return mirror_mode == NO_MIRROR ? NULL : mirror_description(handle);
}

static int yes(void *handle)
{
    (void)handle;
    return 1;
}

static int native_fua(void *handle)
{
    (void)handle;
    return NBDKIT_FUA_NATIVE;
}

static int block_size(void *handle, uint32_t *minimum, uint32_t *preferred, uint32_t *maximum)
{
    (void)handle;
    *minimum = block;
    *preferred = block > PREFERRED ? block : PREFERRED;
    *maximum = MAXIMUM;
    return 0;
}

/* 0, or an errno with a text for nbdkit and its client. */
static int answer(int error, const char *text)
{
    if (error == 0)
        return 0;
    nbdkit_error("%s", text);
    nbdkit_set_error(error);
    return -1;
}

static void degrade(int leg, const struct dmio_result *result)
{
    char text[256];
    uint64_t bit = 1UL << leg;
    if ((atomic_fetch_or(&degraded, bit) & bit) != 0)
        return;
    dmio_result_text(result, text, sizeof text);
    nbdkit_error("%s: degraded, leg %d of %d: %s", paths[leg], leg + 1, legs, text);
}

static bool is_aligned(uint32_t count, uint64_t offset)
{
    return count % block == 0 && offset % block == 0;
}

static int dmio_pread(void *handle, void *data, uint32_t count, uint64_t offset, uint32_t flags)
{
    const char *text;
    (void)handle;
    (void)flags;
    if (!is_aligned(count, offset))
        return answer(EINVAL, "the request is not of whole blocks");
    if (mirror_mode != NO_MIRROR) {
        int error = dmio_mirror_read(mirror, offset / DMIO_SECTOR_SIZE, count / DMIO_SECTOR_SIZE, data);
        error = mirror_error(error, &text);
        return answer(error, text);
    }

    for (int leg = 0; leg < legs; leg++) {
        struct io_region where = {devices[leg], offset / DMIO_SECTOR_SIZE, count / DMIO_SECTOR_SIZE};
        struct dmio_request request = {
            .where = &where, .num_regions = 1, .rw = DMIO_READ, .data = data, .length = count};
        struct dmio_result result;
        if ((atomic_load(&degraded) >> leg & 1) != 0)
            continue;
        switch (-dmio_sync(NULL, &request, &result)) {
        case 0:
            return 0;
        case EIO:
            degrade(leg, &result);
            break;
        case EOPNOTSUPP:
            return answer(EOPNOTSUPP, dmio_last_error());
        default: /* Nothing was submitted. */
            return answer(EIO, dmio_last_error());
        }
    }

    return answer(EIO, "no leg is left that could be read");
}

static int to_mirror(int rw, const void *data, sector_t count, sector_t sector, const char **text)
{
    switch (rw) {
    case DMIO_FLUSH:
        return mirror_error(dmio_mirror_flush(mirror), text);
    case DMIO_DISCARD:
        return mirror_error(dmio_mirror_discard(mirror, sector, count), text);
    case DMIO_WRITE_ZEROES:
        return mirror_error(dmio_mirror_write_zeroes(mirror, sector, count), text);
    default:
        return mirror_error(dmio_mirror_write(mirror, sector, count, data, rw & ~DMIO_WRITE), text);
    }
}

/*
 * One request to all legs that are well. *text says why not. 0: one of them has done it, those that have not are degraded,
 * and for none it was unsupported.
 */
static int to_all(int rw, const void *data, uint32_t count, uint64_t offset, const char **text)
{
    struct io_region where[DMIO_MAX_REGIONS];
    int leg_of[DMIO_MAX_REGIONS];
    struct dmio_report reports[DMIO_MAX_REGIONS]; /* The result has the first failure only. */
    struct dmio_request request = {
        .where = where, .rw = rw, .data = (void *)data, .length = data == NULL ? 0 : count, .reports = reports};
    struct dmio_result result;
    uint64_t out = atomic_load(&degraded);
    *text = "the request is not of whole blocks";
    if (!is_aligned(count, offset))
        return EINVAL;
    if (mirror_mode != NO_MIRROR)
        return to_mirror(rw, data, count / DMIO_SECTOR_SIZE, offset / DMIO_SECTOR_SIZE, text);
    for (int leg = 0; leg < legs; leg++) {
        if ((out >> leg & 1) != 0)
            continue;
        leg_of[request.num_regions] = leg;
        where[request.num_regions++] =
            (struct io_region){devices[leg], offset / DMIO_SECTOR_SIZE, count / DMIO_SECTOR_SIZE};
    }

    *text = "no leg is left that could be written";
    if (request.num_regions == 0)
        return EIO;
    int error = dmio_sync(NULL, &request, &result);
    *text = dmio_last_error();
    if (error == 0)
        return 0;
    if (error != -EIO && error != -EOPNOTSUPP)
        return EIO; /* Nothing was submitted. */
    uint64_t done = 0;
    for (unsigned int i = 0; i < request.num_regions; i++) {
        if ((result.failed >> i & 1) != 0)
            degrade(leg_of[i], &(struct dmio_result){.failed = 1UL << i, .region = (int)i, .sector = reports[i].sector,
                                                     .error = reports[i].error, .cause = reports[i].cause});
        else if ((result.unsupported >> i & 1) == 0)
            done |= 1UL << i;
    }

    return result.unsupported != 0 ? EOPNOTSUPP : done == 0 ? EIO : 0;
}

static int dmio_pwrite(void *handle, const void *data, uint32_t count, uint64_t offset, uint32_t flags)
{
    const char *text;
    (void)handle;
    int rw = DMIO_WRITE | ((flags & NBDKIT_FLAG_FUA) != 0 ? DMIO_FUA : 0);
    int error = to_all(rw, data, count, offset, &text);
    return answer(error, text);
}

static int dmio_flush(void *handle, uint32_t flags)
{
    const char *text;
    (void)handle;
    (void)flags;
    int error = to_all(DMIO_FLUSH, NULL, 0, 0, &text);
    return answer(error, text);
}

/* A hint: where a leg can't, its data stays. */
static int dmio_trim(void *handle, uint32_t count, uint64_t offset, uint32_t flags)
{
    const char *text;
    int error = to_all(DMIO_DISCARD, NULL, count, offset, &text);
    if (error != 0 && error != EOPNOTSUPP)
        return answer(error, text);
    return (flags & NBDKIT_FLAG_FUA) != 0 ? dmio_flush(handle, 0) : 0;
}

/* With EOPNOTSUPP nbdkit writes the zeroes itself. */
static int dmio_zero(void *handle, uint32_t count, uint64_t offset, uint32_t flags)
{
    const char *text;
    int error = to_all(DMIO_WRITE_ZEROES, NULL, count, offset, &text);
    if (error == EOPNOTSUPP) {
        nbdkit_set_error(error);
        return -1;
    }

    if (error != 0)
        return answer(error, text);
    return (flags & NBDKIT_FLAG_FUA) != 0 ? dmio_flush(handle, 0) : 0;
}

/* Where the hole at an offset ends, on a block and no later than the end; the offset itself where there is no hole. What
 * is beyond the end of a file that was shortened is none: reading it fails. */
static uint64_t hole_end(int file, uint64_t offset, uint64_t end)
{
    struct stat status;
    off_t data = lseek(file, (off_t)offset, SEEK_DATA);
    if (data < 0 && (errno != ENXIO || fstat(file, &status) != 0))
        return offset;
    uint64_t next = data >= 0 ? (uint64_t)data : (uint64_t)status.st_size;
    next = next < end ? next / block * block : end;
    return next < offset ? offset : next;
}

static uint64_t data_end(int file, uint64_t offset, uint64_t end)
{
    off_t hole = lseek(file, (off_t)offset, SEEK_HOLE);
    uint64_t next = hole < 0 ? end : ((uint64_t)hole + block - 1) / block * block;
    return next <= offset || next > end ? end : next;
}

static int can_extents(void *handle)
{
    (void)handle;
    for (int leg = 0; leg < legs; leg++) {
        if (mirror_mode == NO_MIRROR && files[leg] >= 0)
            return 1;
    }

    return 0;
}

static int dmio_extents(void *handle, uint32_t count, uint64_t offset, uint32_t flags, struct nbdkit_extents *extents)
{
    (void)handle;
    uint64_t end = offset + count < size ? offset + count : size;
    uint64_t well = ~atomic_load(&degraded) & (~0ULL >> (DMIO_MAX_REGIONS - legs));
    int file = well == 0 ? -1 : files[__builtin_ctzll(well)];
    while (offset < end) {
        uint64_t next = file < 0 ? offset : hole_end(file, offset, end);
        uint32_t type = next > offset ? NBDKIT_EXTENT_HOLE | NBDKIT_EXTENT_ZERO : 0;
        if (type == 0)
            next = file < 0 ? end : data_end(file, offset, end);
        if (nbdkit_add_extent(extents, offset, next - offset, type) != 0)
            return -1;
        if ((flags & NBDKIT_FLAG_REQ_ONE) != 0)
            return 0;
        offset = next;
    }

    return 0;
}

static struct nbdkit_plugin plugin = {
    .name = "dmio",
    .longname = "mirror on libdmio",
    .description = "Files and block devices as the legs of a mirror, written by one request each, on io_uring",
    .config = config,
    .config_complete = config_complete,
    .config_help = "leg=PATH        (required) A file or a block device; up to 64 of them.\n"
                   "buffered=BOOL   Through the page cache. The default is direct I/O.\n"
                   "mirror=create   Makes a mirror of the legs, with metadata at their end; the first's data is kept.\n"
                   "mirror=open     Serves a mirror that was made before.\n"
                   "equal=BOOL      create: the legs are equal, or written before they are read. The default is false.\n"
                   "overwrite=BOOL  create: a leg may belong to a mirror already. The default is false.\n"
                   "checksums=BOOL  create: wrong data that a leg returns is found and mended. The default is false.\n"
                   "missing=BOOL    open: legs may be missing. The default is false.\n"
                   "resync=BOOL     Legs out of sync are brought up to date in the background. The default is true.\n"
                   "retry=SECONDS   And so often again, those that fail later. The default is 0: at the start only.",
    .magic_config_key = "leg",
    .after_fork = open_legs,
    .cleanup = cleanup,
    .unload = unload,
    .open = open_connection,
    .export_description = export_description,
    .get_size = get_size,
    .block_size = block_size,
    .can_multi_conn = yes,
    .can_write = yes,
    .can_flush = yes,
    .can_trim = yes,
    .can_zero = yes,
    .can_fua = native_fua,
    .can_extents = can_extents,
    .pread = dmio_pread,
    .pwrite = dmio_pwrite,
    .flush = dmio_flush,
    .trim = dmio_trim,
    .zero = dmio_zero,
    .extents = dmio_extents,
};

NBDKIT_REGISTER_PLUGIN(plugin)
