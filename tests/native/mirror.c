/*
 * Mirrors: mirror FOLDER FAULTY, where FAULTY has 8 MiB and fails every write to its third and fourth. Prints what is
 * not so.
 */
#include "dmio-test.h"

enum { SECTORS = 16384, DATA = 8192, MIB = 2048, REGION = 128 };

static const char *folder, *faulty;

static struct block_device *device(const char *name, unsigned long long sectors)
{
    return device_of(folder, name, sectors);
}

static struct dmio_mirror_options small(unsigned int flags)
{
    struct dmio_mirror_options options = {.flags = flags, .sectors = DATA, .region_sectors = REGION};
    return options;
}

static struct dmio_mirror *mirror_of(struct block_device **devices, unsigned int count, unsigned int flags)
{
    struct dmio_mirror *mirror = NULL;
    struct dmio_mirror_options options = small(flags | DMIO_MIRROR_OVERWRITE);
    EQUAL(0, dmio_mirror_create(NULL, devices, count, &options, sizeof options, &mirror));
    CHECK(mirror != NULL);
    return mirror;
}

static struct dmio_mirror_leg leg_of(struct dmio_mirror *mirror, unsigned int index)
{
    struct dmio_mirror_leg leg = {0};
    EQUAL(0, dmio_mirror_leg_status(mirror, index, &leg, sizeof leg));
    EQUAL(index, leg.leg);
    return leg;
}

static struct dmio_mirror_status status_of(struct dmio_mirror *mirror)
{
    struct dmio_mirror_status status = {0};
    EQUAL(0, dmio_mirror_status(mirror, &status, sizeof status));
    return status;
}

static void read_alone(struct block_device *leg, unsigned char *data)
{
    struct io_region where = {leg, 0, DATA};
    EQUAL(0, dm_io_sync_vm(1, &where, DMIO_READ, data, NULL));
}

static void what_create_refuses(void)
{
    struct block_device *legs[65], *two[2], *reader, *one = device("one", SECTORS), *tiny = device("tiny", 8);
    struct block_device *less = device("less", 4096), *closed = device("closed", 64);
    struct dmio_mirror *mirror = (struct dmio_mirror *)1;
    struct dmio_mirror_options options = small(0);
    _Alignas(struct dmio_mirror_options) unsigned char longer[sizeof options + 1] = {0};
    char path[4096];
    for (int i = 0; i < 65; i++)
        legs[i] = one;
    snprintf(path, sizeof path, "%s/less", folder);
    EQUAL(0, dmio_device_open(path, DMIO_OPEN_BUFFERED | DMIO_OPEN_READ_ONLY, &reader));
    EQUAL(0, dmio_device_close(closed));

#define CREATE(count_, options_, size_) dmio_mirror_create(NULL, two, count_, options_, size_, &mirror)
    two[0] = one, two[1] = device("two", SECTORS);
    struct block_device *second = two[1];
    REFUSED(EINVAL, "mirror is NULL", dmio_mirror_create(NULL, two, 2, NULL, 0, NULL));
    REFUSED(EINVAL, "devices is NULL", dmio_mirror_create(NULL, NULL, 2, NULL, 0, &mirror));
    CHECK(mirror == NULL);
    REFUSED(EBADF, "client", dmio_mirror_create((struct dmio_client *)77, two, 2, NULL, 0, &mirror));
    REFUSED(EINVAL, "0 legs", CREATE(0, NULL, 0));
    REFUSED(EINVAL, "1 legs", CREATE(1, NULL, 0));
    REFUSED(EINVAL, "65 legs", dmio_mirror_create(NULL, legs, 65, NULL, 0, &mirror));
    REFUSED(EINVAL, "same device", dmio_mirror_create(NULL, legs, 64, NULL, 0, &mirror));
    two[1] = NULL;
    REFUSED(EINVAL, "device is NULL", CREATE(2, NULL, 0));
    two[1] = (struct block_device *)77;
    REFUSED(EBADF, "never was one", CREATE(2, NULL, 0));
    two[1] = closed;
    REFUSED(EBADF, "closed", CREATE(2, NULL, 0));
    two[1] = one;
    REFUSED(EINVAL, "same device", CREATE(2, NULL, 0));
    two[1] = tiny;
    REFUSED(EINVAL, "larger device", CREATE(2, NULL, 0));
    two[1] = less;
    REFUSED(EINVAL, "larger device", CREATE(2, &options, sizeof options));
    two[1] = reader;
    REFUSED(EINVAL, "reading only", CREATE(2, NULL, 0));
    two[1] = second;
    options.sectors = 7;
    REFUSED(EINVAL, "multiple of 8", CREATE(2, &options, sizeof options));
    options.sectors = UINT64_MAX - 7;
    REFUSED(EINVAL, "multiple of 8", CREATE(2, &options, sizeof options));
    options = small(0), options.region_sectors = 100;
    REFUSED(EINVAL, "power of two", CREATE(2, &options, sizeof options));
    options = small(DMIO_MIRROR_ALLOW_MISSING);
    REFUSED(EINVAL, "mean nothing", CREATE(2, &options, sizeof options));
    options = small(0), options.reserved = 1;
    REFUSED(EINVAL, "reserved", CREATE(2, &options, sizeof options));
    longer[sizeof options] = 1;
    REFUSED(E2BIG, "does not know", CREATE(2, (struct dmio_mirror_options *)longer, sizeof longer));
    CHECK(mirror == NULL);
#undef CREATE

    /* What was refused has written nothing: the legs of none. */
    REFUSED(EUCLEAN, "", dmio_mirror_open(NULL, two, 2, 0, &mirror));
    EQUAL(0, dmio_device_close(one));
    EQUAL(0, dmio_device_close(second));
    EQUAL(0, dmio_device_close(tiny));
    EQUAL(0, dmio_device_close(less));
    EQUAL(0, dmio_device_close(reader));
}

static void what_open_refuses(void)
{
    struct block_device *ours[3] = {device("a", SECTORS), device("b", SECTORS), device("none", SECTORS)};
    struct block_device *theirs[2] = {device("c", SECTORS), device("d", SECTORS)};
    struct dmio_mirror *mirror = mirror_of(ours, 2, DMIO_MIRROR_ASSUME_EQUAL), *other = mirror_of(theirs, 2, 0);
    struct dmio_mirror_options options = small(0);
    struct dmio_mirror_status status;
    EQUAL(0, dmio_mirror_close(mirror));
    EQUAL(0, dmio_mirror_close(other));
    REFUSED(EBUSY, "belongs to mirror", dmio_mirror_create(NULL, ours, 2, &options, sizeof options, &mirror));
    REFUSED(EINVAL, "mirror is NULL", dmio_mirror_open(NULL, ours, 2, 0, NULL));
    REFUSED(EINVAL, "devices is NULL", dmio_mirror_open(NULL, NULL, 2, 0, &mirror));
    REFUSED(EINVAL, "mean nothing", dmio_mirror_open(NULL, ours, 2, DMIO_MIRROR_ASSUME_EQUAL, &mirror));
    REFUSED(EINVAL, "0 legs", dmio_mirror_open(NULL, ours, 0, 0, &mirror));
    REFUSED(EINVAL, "65 legs", dmio_mirror_open(NULL, ours, 65, 0, &mirror));
    REFUSED(EUCLEAN, "none", dmio_mirror_open(NULL, ours, 3, 0, &mirror));
    REFUSED(ENODEV, "Missing of 2 legs", dmio_mirror_open(NULL, ours, 1, 0, &mirror));
    struct block_device *mixed[2] = {ours[0], theirs[1]};
    REFUSED(EINVAL, "belongs to mirror", dmio_mirror_open(NULL, mixed, 2, 0, &mirror));
    CHECK(mirror == NULL);

    /* Each used without the other. */
    for (int leg = 0; leg < 2; leg++) {
        unsigned char *data = memory_of(4096, leg);
        EQUAL(0, dmio_mirror_open(NULL, &ours[leg], 1, DMIO_MIRROR_ALLOW_MISSING, &mirror));
        status = status_of(mirror);
        EQUAL(2, status.legs);
        EQUAL(1 << leg, status.in_sync);
        EQUAL(DMIO_LEG_MISSING, leg_of(mirror, 1 - leg).state);
        CHECK(leg_of(mirror, 1 - leg).device == NULL);
        CHECK(leg_of(mirror, leg).device == ours[leg]);
        EQUAL(0, dmio_mirror_write(mirror, 0, 8, data, 0));
        if (leg == 1) {
            REFUSED(ENOTUNIQ, "without this mirror", dmio_mirror_attach(mirror, ours[0]));
            REFUSED(EINVAL, "no leg of mirror", dmio_mirror_attach(mirror, theirs[0]));
            REFUSED(EINVAL, "already", dmio_mirror_attach(mirror, ours[1]));
        }

        EQUAL(0, dmio_mirror_close(mirror));
        free(data);
    }

    REFUSED(ENOTUNIQ, "", dmio_mirror_open(NULL, ours, 2, 0, &mirror));
    EQUAL(0, dmio_mirror_open(NULL, ours, 2, DMIO_MIRROR_TRUST_FIRST, &mirror));
    EQUAL(1, status_of(mirror).in_sync);
    EQUAL(1, leg_of(mirror, 1).needs_full_resync);
    EQUAL(0, dmio_mirror_resync(mirror, 0, NULL, 0));
    EQUAL(3, status_of(mirror).in_sync);
    EQUAL(0, dmio_mirror_close(mirror));
    for (int i = 0; i < 3; i++)
        EQUAL(0, dmio_device_close(ours[i]));
    EQUAL(0, dmio_device_close(theirs[0]));
    EQUAL(0, dmio_device_close(theirs[1]));
}

/* Every call of a mirror, with NULL, with what never was a mirror and with one that was closed. */
static void refuse_handle(int error, struct dmio_mirror *mirror)
{
    unsigned char *data = memory_of(4096, 0);
    struct iovec vector = {data, 4096};
    struct dmio_mirror_status status;
    struct dmio_mirror_leg leg;
    EQUAL(error, dmio_mirror_read(mirror, 0, 8, data));
    EQUAL(error, dmio_mirror_readv(mirror, 0, 8, &vector, 1));
    EQUAL(error, dmio_mirror_write(mirror, 0, 8, data, 0));
    EQUAL(error, dmio_mirror_writev(mirror, 0, 8, &vector, 1, 0));
    EQUAL(error, dmio_mirror_flush(mirror));
    EQUAL(error, dmio_mirror_discard(mirror, 0, 8));
    EQUAL(error, dmio_mirror_write_zeroes(mirror, 0, 8));
    EQUAL(error, dmio_mirror_resync(mirror, 0, NULL, 0));
    EQUAL(error, dmio_mirror_take_out(mirror, 0));
    EQUAL(error, dmio_mirror_attach(mirror, NULL));
    EQUAL(error, dmio_mirror_replace(mirror, 0, NULL, 0));
    EQUAL(error, dmio_mirror_status(mirror, &status, sizeof status));
    EQUAL(error, dmio_mirror_leg_status(mirror, 0, &leg, sizeof leg));
    EQUAL(error, dmio_mirror_watch(mirror, NULL, NULL));
    EQUAL(error, dmio_mirror_close(mirror));
    free(data);
}

static void what_requests_refuse(void)
{
    struct block_device *legs[2] = {device("a", SECTORS), device("b", SECTORS)};
    struct dmio_mirror *mirror = mirror_of(legs, 2, DMIO_MIRROR_ASSUME_EQUAL);
    unsigned char *data = memory_of(4096, 0);
    struct iovec vectors[2] = {{data, 512}, {NULL, 3584}}, whole = {data, 4096};
    struct dmio_mirror_leg leg;
    struct dmio_mirror_resync_result result;
    REFUSED(EINVAL, "no range", dmio_mirror_read(mirror, 0, 0, data));
    REFUSED(EINVAL, "no range", dmio_mirror_write(mirror, 0, 0, data, 0));
    REFUSED(EINVAL, "no range", dmio_mirror_write_zeroes(mirror, UINT64_MAX, 8));
    REFUSED(EINVAL, "no range", dmio_mirror_discard(mirror, 8, UINT64_MAX));
    REFUSED(EINVAL, "memory is NULL", dmio_mirror_read(mirror, 0, 8, NULL));
    REFUSED(EINVAL, "memory is NULL", dmio_mirror_writev(mirror, 0, 8, NULL, 1, 0));
    REFUSED(EINVAL, "Vector 1 is NULL", dmio_mirror_readv(mirror, 0, 8, vectors, 2));
    REFUSED(EINVAL, "1 vectors have 512 bytes", dmio_mirror_writev(mirror, 0, 8, vectors, 1, 0));
    REFUSED(EINVAL, "operation", dmio_mirror_write(mirror, 0, 8, data, DMIO_DISCARD));
    REFUSED(EINVAL, "Atomic", dmio_mirror_write(mirror, 0, 8, data, DMIO_ATOMIC));
    REFUSED(EINVAL, "Atomic", dmio_mirror_writev(mirror, 0, 8, &whole, 1, DMIO_ATOMIC));
    REFUSED(EINVAL, "StableCopy", dmio_mirror_write(mirror, 0, 8, data, DMIO_STABLE_COPY));
    REFUSED(EINVAL, "StableCopy", dmio_mirror_writev(mirror, 0, 8, &whole, 1, DMIO_STABLE_COPY));
    REFUSED(EIO, "beyond the end", dmio_mirror_read(mirror, DATA, 8, data));
    REFUSED(EIO, "beyond the end", dmio_mirror_write(mirror, DATA - 1, 8, data, DMIO_FUA));
    REFUSED(EINVAL, "no leg 2", dmio_mirror_leg_status(mirror, 2, &leg, sizeof leg));
    REFUSED(EINVAL, "leg is NULL", dmio_mirror_leg_status(mirror, 0, NULL, sizeof leg));
    REFUSED(EINVAL, "status is NULL", dmio_mirror_status(mirror, NULL, 8));
    REFUSED(EINVAL, "no leg 2", dmio_mirror_take_out(mirror, 2));
    REFUSED(EINVAL, "device is NULL", dmio_mirror_replace(mirror, 0, NULL, 0));
    REFUSED(EINVAL, "device is NULL", dmio_mirror_attach(mirror, NULL));
    REFUSED(EINVAL, "mean nothing", dmio_mirror_replace(mirror, 0, legs[0], DMIO_MIRROR_TRUST_FIRST));
    REFUSED(EINVAL, "already", dmio_mirror_replace(mirror, 0, legs[1], DMIO_MIRROR_OVERWRITE));
    REFUSED(EINVAL, "is leg 0", dmio_mirror_replace(mirror, 0, legs[0], 0));
    REFUSED(EINVAL, "bytes a second", dmio_mirror_resync(mirror, UINT64_MAX, NULL, 0));
    EQUAL(0, dmio_mirror_take_out(mirror, 0));
    REFUSED(ENODATA, "last leg", dmio_mirror_take_out(mirror, 1));
    EQUAL(0, dmio_mirror_resync(mirror, 0, &result, sizeof result));
    EQUAL(1, result.in_sync);
    CHECK(result.unreadable_sector == UINT64_MAX);
    EQUAL(0, dmio_mirror_close(mirror));
    refuse_handle(-EBADF, mirror);
    refuse_handle(-EBADF, (struct dmio_mirror *)legs[0]);
    refuse_handle(-EBADF, (struct dmio_mirror *)77);
    refuse_handle(-EINVAL, NULL);
    EQUAL(0, dmio_device_close(legs[0]));
    EQUAL(0, dmio_device_close(legs[1]));
    free(data);
}

struct watched {
    struct dmio_mirror *mirror;
    _Atomic int calls, states[4];
    _Atomic int close_error;
};

static void watch(const struct dmio_mirror_leg *leg, void *context)
{
    struct watched *watched = context;
    struct dmio_mirror_status status;
    watched->states[leg->state]++;
    CHECK(leg->state == DMIO_LEG_IN_SYNC || leg->reason[0] != '\0');
    EQUAL(0, dmio_mirror_status(watched->mirror, &status, sizeof status));
    watched->close_error = dmio_mirror_close(watched->mirror);
    watched->calls++;
}

struct traffic {
    struct dmio_mirror *mirror;
    unsigned char *content;
    _Atomic int stop;
    int writes;
};

/* Writes pieces of the last MiB over and over, and keeps what is there. */
static void *write_on(void *context)
{
    struct traffic *traffic = context;
    unsigned int seed = 1;
    do {
        sector_t sector = DATA - MIB + (sector_t)(rand_r(&seed) % (MIB / 8)) * 8;
        unsigned char *at = traffic->content + sector * DMIO_SECTOR_SIZE;
        memset(at, rand_r(&seed), 8 * DMIO_SECTOR_SIZE);
        EQUAL(0, dmio_mirror_write(traffic->mirror, sector, 8, at, traffic->writes % 5 == 0 ? DMIO_FUA : 0));
        traffic->writes++;
    } while (!traffic->stop);
    return NULL;
}

static void on_small_stack(pthread_t *thread, void *(*code)(void *), void *argument)
{
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, 64 << 10);
    EQUAL(0, pthread_create(thread, &attributes, code, argument));
    pthread_attr_destroy(&attributes);
}

/* A leg dies while all is written; reads and writes go on; another takes its place, with writes during the resync. */
static void three_legs_of_which_one_dies(void)
{
    struct block_device *legs[3] = {device("a", SECTORS), NULL, device("c", SECTORS)}, *spare = device("spare", SECTORS);
    unsigned char *content = memory_of(DATA * DMIO_SECTOR_SIZE, 5);
    unsigned char *back = memory_of(DATA * DMIO_SECTOR_SIZE, 6);
    EQUAL(0, dmio_device_open(faulty, 0, &legs[1]));
    struct dmio_mirror *mirror = mirror_of(legs, 3, DMIO_MIRROR_ASSUME_EQUAL);
    struct watched watched = {.mirror = mirror};
    struct traffic traffic = {.mirror = mirror, .content = content};
    struct dmio_mirror_resync_result result;
    pthread_t thread;
    EQUAL(0, dmio_mirror_watch(mirror, watch, &watched));
    EQUAL(7, status_of(mirror).in_sync);
    EQUAL(DATA, status_of(mirror).sectors);
    EQUAL(REGION, status_of(mirror).region_sectors);
    for (sector_t sector = 0; sector < DATA; sector += 256) {
        unsigned char *at = content + sector * DMIO_SECTOR_SIZE;
        struct iovec halves[2] = {{at, 65536}, {at + 65536, 65536}};
        EQUAL(0, dmio_mirror_writev(mirror, sector, 256, halves, 2, 0));
        EQUAL(sector < 2 * MIB ? 7 : 5, status_of(mirror).in_sync);
    }

    struct dmio_mirror_leg dead = leg_of(mirror, 1);
    EQUAL(DMIO_LEG_OUT_OF_SYNC, dead.state);
    EQUAL(1, dead.failed_writes);
    CHECK(strstr(dead.reason, "EIO") != NULL);
    CHECK(dead.device == legs[1]);
    EQUAL(1, status_of(mirror).needs_resync);
    CHECK(status_of(mirror).dirty_regions > 0);
    EQUAL(0, dmio_mirror_flush(mirror));
    EQUAL(0, dmio_mirror_read(mirror, 0, DATA, back));
    EQUAL(0, memcmp(content, back, DATA * DMIO_SECTOR_SIZE));
    EQUAL(0, dmio_mirror_write_zeroes(mirror, 64, 64));
    memset(content + 64 * DMIO_SECTOR_SIZE, 0, 64 * DMIO_SECTOR_SIZE);

    /* It is still broken. */
    REFUSED(EIO, "failed 0b10", dmio_mirror_resync(mirror, 0, &result, sizeof result));
    EQUAL(2, result.failed);
    EQUAL(0, result.in_sync);
    EQUAL(0, dmio_mirror_replace(mirror, 1, spare, 0));
    CHECK(leg_of(mirror, 1).device == spare);
    EQUAL(1, leg_of(mirror, 1).needs_full_resync);
    EQUAL(0, dmio_device_close(legs[1]));
    on_small_stack(&thread, write_on, &traffic);
    EQUAL(0, dmio_mirror_resync(mirror, 0, &result, sizeof result));
    traffic.stop = 1;
    EQUAL(0, pthread_join(thread, NULL));
    CHECK(traffic.writes > 0);
    EQUAL(DATA / REGION, result.copied_regions);
    EQUAL(2, result.in_sync);
    EQUAL(7, status_of(mirror).in_sync);
    EQUAL(0, status_of(mirror).needs_resync);
    EQUAL(0, dmio_mirror_close(mirror));

    /* Out of sync, resyncing, out, resyncing, in sync; each was told before the close returned. */
    EQUAL(5, watched.calls);
    EQUAL(1, watched.states[DMIO_LEG_IN_SYNC]);
    EQUAL(2, watched.states[DMIO_LEG_RESYNCING]);
    EQUAL(2, watched.states[DMIO_LEG_OUT_OF_SYNC]);
    EQUAL(-EDEADLK, watched.close_error);
    legs[1] = spare;
    for (int leg = 0; leg < 3; leg++) {
        read_alone(legs[leg], back);
        EQUAL(0, memcmp(content, back, DATA * DMIO_SECTOR_SIZE));
    }

    /* In another order; nothing is dirty. */
    struct block_device *turned[3] = {legs[2], legs[0], legs[1]};
    EQUAL(0, dmio_mirror_open(NULL, turned, 3, 0, &mirror));
    EQUAL(7, status_of(mirror).in_sync);
    EQUAL(0, status_of(mirror).needs_resync);
    CHECK(leg_of(mirror, 0).device == legs[0]);
    EQUAL(0, dmio_mirror_close(mirror));
    for (int leg = 0; leg < 3; leg++)
        EQUAL(0, dmio_device_close(legs[leg]));
    free(content);
    free(back);
}

/* A log in memory leaves the legs as they are, up to their end, and nobody can open such a mirror. */
static void log_in_memory(void)
{
    struct block_device *legs[2] = {device("a", 64), device("b", 64)};
    struct dmio_mirror_options options = {.flags = DMIO_MIRROR_LOG_IN_MEMORY | DMIO_MIRROR_ASSUME_EQUAL};
    unsigned char *data = memory_of(64 * DMIO_SECTOR_SIZE, 3), *back = memory_of(64 * DMIO_SECTOR_SIZE, 4);
    struct dmio_mirror *mirror;
    EQUAL(0, dmio_mirror_create(NULL, legs, 2, &options, sizeof options, &mirror));
    EQUAL(64, status_of(mirror).sectors);
    EQUAL(0, dmio_mirror_write(mirror, 0, 64, data, 0));
    EQUAL(0, dmio_mirror_close(mirror));
    REFUSED(EUCLEAN, "no leg", dmio_mirror_open(NULL, legs, 2, 0, &mirror));
    for (int leg = 0; leg < 2; leg++) {
        struct io_region where = {legs[leg], 0, 64};
        EQUAL(0, dm_io_sync_vm(1, &where, DMIO_READ, back, NULL));
        EQUAL(0, memcmp(data, back, 64 * DMIO_SECTOR_SIZE));
        EQUAL(0, dmio_device_close(legs[leg]));
    }

    free(data);
    free(back);
}

/* A leg that says something else than was written is found, and mended. */
static void checksums(void)
{
    struct block_device *legs[2] = {device("a", 128), device("b", 128)};
    struct dmio_mirror_options options = {.flags = DMIO_MIRROR_CHECKSUMS | DMIO_MIRROR_ASSUME_EQUAL, .sectors = 64};
    unsigned char *data = memory_of(64 * DMIO_SECTOR_SIZE, 3), *back = memory_of(64 * DMIO_SECTOR_SIZE, 4);
    struct io_region wrong = {legs[0], 16, 8};
    struct dmio_mirror *mirror;
    EQUAL(0, dmio_mirror_create(NULL, legs, 2, &options, sizeof options, &mirror));
    EQUAL(1, status_of(mirror).has_checksums);
    EQUAL(4096, status_of(mirror).logical_block_size);
    EQUAL(0, dmio_mirror_write(mirror, 0, 64, data, 0));
    EQUAL(0, dm_io_sync_vm(1, &wrong, DMIO_WRITE, back, NULL));
    for (int reads = 0; reads < 2; reads++) {
        EQUAL(0, dmio_mirror_read(mirror, 0, 64, back));
        EQUAL(0, memcmp(data, back, 64 * DMIO_SECTOR_SIZE));
    }

    EQUAL(1, leg_of(mirror, 0).corrupt_reads);
    EQUAL(1, leg_of(mirror, 0).repairs);
    EQUAL(0, dm_io_sync_vm(1, &wrong, DMIO_READ, back, NULL));
    EQUAL(0, memcmp(data + 16 * DMIO_SECTOR_SIZE, back, 8 * DMIO_SECTOR_SIZE));
    EQUAL(-EOPNOTSUPP, dmio_mirror_read(mirror, 1, 8, back));

    /* No leg is right. */
    for (int leg = 0; leg < 2; leg++) {
        wrong.bdev = legs[leg];
        EQUAL(0, dm_io_sync_vm(1, &wrong, DMIO_WRITE, data, NULL));
    }

    REFUSED(EIO, "EILSEQ", dmio_mirror_read(mirror, 16, 8, back));
    EQUAL(2, leg_of(mirror, 0).corrupt_reads);
    EQUAL(1, leg_of(mirror, 1).corrupt_reads);
    EQUAL(1, leg_of(mirror, 0).repairs);
    EQUAL(0, dmio_mirror_close(mirror));
    EQUAL(0, dmio_device_close(legs[0]));
    EQUAL(0, dmio_device_close(legs[1]));
    free(data);
    free(back);
}

static void *resync_slowly(void *context)
{
    return (void *)(intptr_t)dmio_mirror_resync(context, 256 << 10, NULL, 0);
}

/* A resync of 16 s is cancelled; a second one, a change and a close meet it. */
static void close_cancels_a_resync(void)
{
    struct block_device *legs[2] = {device("a", SECTORS), device("b", SECTORS)}, *spare = device("spare", SECTORS);
    struct dmio_mirror *mirror = mirror_of(legs, 2, 0);
    pthread_t thread;
    void *error;
    on_small_stack(&thread, resync_slowly, mirror);
    while (leg_of(mirror, 1).state != DMIO_LEG_RESYNCING)
        usleep(1000);
    REFUSED(EBUSY, "under way", dmio_mirror_resync(mirror, 0, NULL, 0));
    REFUSED(EBUSY, "under way", dmio_mirror_take_out(mirror, 1));
    REFUSED(EBUSY, "under way", dmio_mirror_replace(mirror, 1, spare, DMIO_MIRROR_OVERWRITE));
    EQUAL(0, dmio_mirror_close(mirror));
    EQUAL(0, pthread_join(thread, &error));
    EQUAL(-ECANCELED, (intptr_t)error);
    EQUAL(0, dmio_device_close(spare));
    EQUAL(0, dmio_device_close(legs[0]));
    EQUAL(0, dmio_device_close(legs[1]));
}

static struct dmio_mirror *in_callback;
static unsigned char *callback_data;
static int callback_errors[3];

static void call_in_callback(unsigned long error, void *context)
{
    callback_errors[0] = dmio_mirror_read(in_callback, 0, 8, callback_data);
    callback_errors[1] = dmio_mirror_flush(in_callback);
    callback_errors[2] = dmio_mirror_close(in_callback);
    tell(context, error);
}

/* Callbacks on a lane, and a client and a device that end before their mirror. */
static void what_meets_other_objects(void)
{
    struct block_device *legs[2] = {device("a", SECTORS), device("b", SECTORS)};
    struct dmio_client *client;
    struct dmio_mirror_options options = small(DMIO_MIRROR_ASSUME_EQUAL);
    struct io_region where = {legs[0], DATA, 8};
    struct waiter waiter = WAITER;
    unsigned char *data = memory_of(4096, 0);
    callback_data = memory_of(4096, 9);
    EQUAL(0, dmio_client_open(NULL, 0, &client));
    EQUAL(0, dmio_mirror_create(client, legs, 2, &options, sizeof options, &in_callback));
    EQUAL(0, dmio_mirror_write(in_callback, 0, 8, callback_data, DMIO_PREFLUSH | DMIO_FUA));
    EQUAL(0, dm_io_async_vm(1, &where, DMIO_READ, data, call_in_callback, &waiter));
    wait_for(&waiter, 1);
    for (int i = 0; i < 3; i++)
        EQUAL(-EDEADLK, callback_errors[i]);
    EQUAL(0, dmio_device_close(legs[1]));
    EQUAL(-EBADF, dmio_mirror_write(in_callback, 0, 8, callback_data, 0));
    EQUAL(0, dmio_client_close(client));
    EQUAL(-EBADF, dmio_mirror_read(in_callback, 0, 8, callback_data));
    EQUAL(0, dmio_mirror_close(in_callback));
    EQUAL(0, dmio_device_close(legs[0]));
    free(callback_data);
    free(data);
}

int main(int count, char **arguments)
{
    if (count < 3)
        return 2;
    folder = arguments[1];
    faulty = arguments[2];
    setvbuf(stdout, NULL, _IOLBF, 0);
    alarm(120);
    EQUAL(0, dm_io_get(16));
    what_create_refuses();
    what_open_refuses();
    what_requests_refuse();
    three_legs_of_which_one_dies();
    log_in_memory();
    checksums();
    close_cancels_a_resync();
    what_meets_other_objects();
    EQUAL(0, dm_io_put(16));
    printf("mirror: %s\n", failures ? "FAILED" : "ok");
    return failures != 0;
}
