/*
 * An I/O engine for fio over libdmio: a job's file, and the legs that mirror it, written by one request each.
 *
 *     ./build dmio.so [FIO-SOURCE]
 *     fio --ioengine=external:/path/dmio.so --filename=PATH --legs=PATH:PATH ...
 *
 * Each job has a reactor: its thread submits and polls. A write, trim or flush goes to all legs, a read to the first.
 * libdmio is first called in a job's own process, because a child of a process that has used it can't use it.
 *
 * This file is the project's own and under its licence. What is built from it includes headers of fio, which are under
 * the GNU General Public License, version 2: that licence applies to the program that is built.
 */
#include "fio.h"
#include "optgroup.h"

#include <dmio.h>

struct options {
    void *not_at_zero; /* fio takes an offset of 0 for none. */
    char *legs;
    unsigned int allow_degraded;
    unsigned int fixedbufs;
    unsigned int spin;
};

struct engine {
    struct dmio_reactor *reactor;
    struct dmio_memory *memory;
    int legs;
    char *paths; /* of the legs beyond the file, one after the other */
    const char *path[DMIO_MAX_REGIONS];
    int write_flags;
    bool allow_degraded;
    bool closing; /* after an error of a poll: what is in flight ends, and nothing is submitted */
    uint64_t degraded; /* bit i: leg i is neither read nor written any more */
    struct io_u **queued; /* since the last commit */
    unsigned int queued_count;
    bool unsubmitted; /* a commit left it to the wait that follows */
    struct io_u **ended; /* a ring of mask + 1 */
    unsigned int mask, ended_count, taken_count, first_event;
};

/* A job's file that is open. */
struct target {
    struct block_device *device[DMIO_MAX_REGIONS];
};

/* What an io_u has. */
struct request {
    struct engine *engine;
    uint64_t legs; /* bit i: leg i has a region of it; regions are in order of the legs */
    int rw;
    int error;
    char text[256];
    struct dmio_report reports[]; /* one a leg */
};

static struct fio_option engine_options[] = {
    {
        .name = "legs",
        .lname = "Legs of the mirror",
        .type = FIO_OPT_STR_STORE,
        .off1 = offsetof(struct options, legs),
        .help = "Files or block devices beside the job's file, PATH:PATH..., that are written as it is",
        .category = FIO_OPT_C_ENGINE,
        .group = FIO_OPT_G_INVALID,
    },
    {
        .name = "allow_degraded",
        .lname = "Go on without a leg that fails",
        .type = FIO_OPT_BOOL,
        .off1 = offsetof(struct options, allow_degraded),
        .def = "0",
        .help = "A failed leg is no longer used, and an I/O fails when every leg has",
        .category = FIO_OPT_C_ENGINE,
        .group = FIO_OPT_G_INVALID,
    },
    {
        .name = "fixedbufs",
        .lname = "Registered buffers",
        .type = FIO_OPT_BOOL,
        .off1 = offsetof(struct options, fixedbufs),
        .def = "1",
        .help = "Register the buffers with the ring, which spares their pinning for each I/O",
        .category = FIO_OPT_C_ENGINE,
        .group = FIO_OPT_G_INVALID,
    },
    {
        .name = "spin",
        .lname = "Waits that spin",
        .type = FIO_OPT_BOOL,
        .off1 = offsetof(struct options, spin),
        .def = "0",
        .help = "Wait awake for up to 50 us where that pays, for latency: it takes processor time",
        .category = FIO_OPT_C_ENGINE,
        .group = FIO_OPT_G_INVALID,
    },
    {.name = NULL},
};

/* Says why, and is fio's error of a hook. */
static int refuse(struct thread_data *td, int error, const char *where)
{
    td_verror(td, error, where);
    return 1;
}

static int refuse_last(struct thread_data *td, int error, const char *path)
{
    log_err("dmio: %s%s%s\n", path, *path == '\0' ? "" : ": ", dmio_last_error());
    return refuse(td, -error, "dmio");
}

/* ---- requests --------------------------------------------------------------------------------------------------- */

static int submit(struct io_u *io_u);

static int leg_of(uint64_t legs, int region)
{
    for (; region > 0; region--)
        legs &= legs - 1;
    return __builtin_ctzll(legs);
}

static uint64_t legs_of(uint64_t legs, uint64_t regions)
{
    uint64_t bits = 0;
    for (; regions != 0; regions &= regions - 1)
        bits |= 1ULL << leg_of(legs, __builtin_ctzll(regions));
    return bits;
}

static void end(struct io_u *io_u, int error)
{
    struct request *request = io_u->engine_data;
    struct engine *engine = request->engine;
    request->error = error;
    engine->ended[engine->ended_count++ & engine->mask] = io_u;
}

static void describe(struct request *request, const struct dmio_result *result)
{
    int leg = leg_of(request->legs, result->region < 0 ? 0 : result->region);
    int length = snprintf(request->text, sizeof request->text, "leg %d of %d, %s: ", leg + 1, request->engine->legs,
                          request->engine->path[leg] == NULL ? "the file" : request->engine->path[leg]);
    if (length >= 0 && (size_t)length < sizeof request->text)
        dmio_result_text(result, request->text + length, sizeof request->text - (size_t)length);
}

/* Drops the legs that failed, and tells of each once. Whether one of the request's has done it. */
static bool degrade(struct request *request, const struct dmio_result *result)
{
    struct engine *engine = request->engine;
    for (uint64_t left = result->failed; left != 0; left &= left - 1) {
        int region = __builtin_ctzll(left);
        uint64_t leg = 1ULL << leg_of(request->legs, region);
        struct dmio_result one = *result;
        if ((engine->degraded & leg) != 0)
            continue;
        engine->degraded |= leg;
        if (engine->legs > 1 && request->rw != DMIO_READ) {
            const struct dmio_report *report = &request->reports[region];
            one = (struct dmio_result){.failed = 1UL << region, .region = region, .sector = report->sector,
                                       .error = report->error, .cause = report->cause};
        }

        describe(request, &one);
        log_err("dmio: degraded, %s\n", request->text);
    }

    return (request->legs & ~legs_of(request->legs, result->failed)) != 0;
}

static void fail(struct io_u *io_u, const struct dmio_result *result)
{
    struct request *request = io_u->engine_data;
    int error = result->failed == 0 ? EOPNOTSUPP : result->error > 0 ? result->error : EIO;
    describe(request, result);
    if (request->engine->allow_degraded && result->failed != 0) {
        bool is_done = degrade(request, result) && result->unsupported == 0;
        if (is_done)
            error = 0;
        else if (request->rw == DMIO_READ && !request->engine->closing && submit(io_u) == 0)
            return;
    }

    end(io_u, error);
}

static void ended(const struct dmio_result *result, void *context)
{
    if (__builtin_expect((result->failed | result->unsupported) != 0, 0))
        fail(context, result);
    else
        end(context, 0);
}

/* 0, or -errno: then nothing was submitted, and the request's text says why. */
static int submit(struct io_u *io_u)
{
    struct request *request = io_u->engine_data;
    struct engine *engine = request->engine;
    struct target *target = FILE_ENG_DATA(io_u->file);
    struct io_region where[DMIO_MAX_REGIONS];
    struct dmio_request asked = {.where = where, .rw = request->rw};
    uint64_t well = ~engine->degraded & (~0ULL >> (DMIO_MAX_REGIONS - engine->legs));
    request->legs = request->rw == DMIO_READ ? well & -well : well;
    if (engine->closing) {
        snprintf(request->text, sizeof request->text, "the reactor is closed after an error");
        return -EIO;
    }

    if (request->legs == 0) {
        snprintf(request->text, sizeof request->text, "no leg is left");
        return -EIO;
    }

    for (uint64_t left = request->legs; left != 0; left &= left - 1) {
        where[asked.num_regions++] = (struct io_region){
            .bdev = target->device[__builtin_ctzll(left)],
            .sector = io_u->offset / DMIO_SECTOR_SIZE,
            .count = io_u->xfer_buflen / DMIO_SECTOR_SIZE,
        };
    }

    if (io_u->ddir == DDIR_READ || io_u->ddir == DDIR_WRITE) {
        asked.data = io_u->xfer_buf;
        asked.length = io_u->xfer_buflen;
    }

    /* The result has the first failure only. */
    if (engine->allow_degraded && request->rw != DMIO_READ && engine->legs > 1)
        asked.reports = request->reports;
    int error = dmio_reactor_submit(engine->reactor, &asked, ended, io_u);
    if (error < 0)
        snprintf(request->text, sizeof request->text, "%s", dmio_last_error());
    return error;
}

static int operation(const struct engine *engine, enum fio_ddir ddir)
{
    switch (ddir) {
    case DDIR_READ:
        return DMIO_READ;
    case DDIR_WRITE:
        return DMIO_WRITE | engine->write_flags;
    case DDIR_TRIM:
        return DMIO_DISCARD;
    default: /* DDIR_SYNC and DDIR_DATASYNC; init has refused the others. */
        return DMIO_FLUSH;
    }
}

/* An error is not told here but by event: what fio finds in the io_u now, continue_on_error does not apply to. */
static enum fio_q_status engine_queue(struct thread_data *td, struct io_u *io_u)
{
    struct engine *engine = td->io_ops_data;
    struct request *request = io_u->engine_data;
    request->rw = operation(engine, io_u->ddir);
    int error;
    if (!ddir_sync(io_u->ddir) && (io_u->offset | io_u->xfer_buflen) % DMIO_SECTOR_SIZE != 0) {
        snprintf(request->text, sizeof request->text, "the I/O is not of whole sectors of %d bytes", DMIO_SECTOR_SIZE);
        error = -EINVAL;
    } else {
        error = submit(io_u);
    }

    if (error < 0)
        end(io_u, -error);
    engine->queued[engine->queued_count++] = io_u;
    return FIO_Q_QUEUED;
}

/* What is in flight ends before its memory goes, however long that takes. */
static void close_reactor(struct engine *engine)
{
    engine->closing = true;
    while (engine->reactor != NULL && dmio_reactor_close(engine->reactor) == -ETIMEDOUT)
        log_err("dmio: %s\n", dmio_last_error());
    engine->reactor = NULL;
    if (engine->memory != NULL)
        dmio_memory_unregister(engine->memory);
    engine->memory = NULL;
}

/*
 * How many ended, or -errno: then the reactor is closed, as long as the files and the buffers of what is in flight are
 * there, and all of that has ended.
 */
static int poll_reactor(struct thread_data *td, unsigned int minimum, int timeout)
{
    struct engine *engine = td->io_ops_data;
    int count = dmio_reactor_poll(engine->reactor, minimum, timeout);
    engine->unsubmitted = false;
    if (count < 0) {
        log_err("dmio: %s\n", dmio_last_error());
        close_reactor(engine);
    }

    return count;
}

static void note_issue(struct thread_data *td, struct engine *engine)
{
    struct timespec now;
    if (fio_fill_issue_time(td)) {
        fio_gettime(&now, NULL);
        for (unsigned int i = 0; i < engine->queued_count; i++) {
            engine->queued[i]->issue_time = now;
            io_u_queued(td, engine->queued[i]);
        }

        if (td->o.read_iolog_file)
            td->last_issue = now;
    }

    io_u_mark_submit(td, engine->queued_count);
    engine->queued_count = 0;
}

static int engine_commit(struct thread_data *td)
{
    struct engine *engine = td->io_ops_data;
    if (engine->queued_count == 0)
        return 0;
    note_issue(td, engine);

    /*
     * With a full queue fio waits next: that submits, too, by the same system call. Not where there is one I/O only: on
     * a loop device a thread that goes to sleep in the call that submits gets its answer later than with two calls.
     */
    if (engine->closing)
        return 0;
    engine->unsubmitted = true;
    if (td->o.iodepth > 1 && queue_full(td))
        return 0;
    int count = poll_reactor(td, 0, 0);
    return count < 0 ? count : 0;
}

static int engine_getevents(struct thread_data *td, unsigned int min, unsigned int max, const struct timespec *time)
{
    struct engine *engine = td->io_ops_data;
    int timeout = time == NULL ? -1 : (int)(time->tv_sec * 1000 + (time->tv_nsec + 999999) / 1000000);
    unsigned int ready = engine->ended_count - engine->taken_count;
    if (!engine->closing && (ready == 0 || ready < min || engine->unsubmitted)) {
        do {
            unsigned int missing = ready < min ? min - ready : 0;
            int count = poll_reactor(td, missing, missing == 0 ? 0 : timeout);
            if (count < 0)
                return count;
            ready = engine->ended_count - engine->taken_count;
        } while (ready < min && time == NULL);
    }

    if (engine->closing && ready < min)
        return -EIO;
    if (ready > max)
        ready = max;
    engine->first_event = engine->taken_count;
    engine->taken_count += ready;
    return (int)ready;
}

static struct io_u *engine_event(struct thread_data *td, int event)
{
    struct engine *engine = td->io_ops_data;
    struct io_u *io_u = engine->ended[(engine->first_event + (unsigned int)event) & engine->mask];
    struct request *request = io_u->engine_data;
    io_u->error = (unsigned int)request->error;
    io_u->resid = request->error == 0 ? 0 : io_u->xfer_buflen;
    return io_u;
}

#if FIO_IOOPS_VERSION >= 36 /* fio 3.38 */
static char *engine_errdetails(struct thread_data *td, struct io_u *io_u)
#else
static char *engine_errdetails(struct io_u *io_u)
#endif
{
    struct request *request = io_u->engine_data;
    return strdup(request->text);
}

/* ---- files ------------------------------------------------------------------------------------------------------ */

static void close_target(struct fio_file *file)
{
    struct target *target = FILE_ENG_DATA(file);
    FILE_SET_ENG_DATA(file, NULL);
    if (target == NULL)
        return;
    for (int leg = 0; leg < DMIO_MAX_REGIONS; leg++) {
        if (target->device[leg] != NULL)
            dmio_device_close(target->device[leg]);
    }

    free(target);
}

/* Whether a leg can be written, where the job writes, and the job's I/O is within it and of whole blocks of it. */
static bool suits(struct thread_data *td, const struct fio_file *file, const char *path,
                  const struct dmio_device_info *info)
{
    uint64_t end = file->file_offset + file->io_size;
    if (info->is_read_only && (td_write(td) || td_trim(td))) {
        log_err("dmio: %s is read-only\n", path);
        return false;
    }

    if (file->io_size != -1ULL && info->sectors < end / DMIO_SECTOR_SIZE) {
        log_err("dmio: %s is too small: %llu bytes, and the job reaches to %llu\n", path,
                (unsigned long long)info->sectors * DMIO_SECTOR_SIZE, (unsigned long long)end);
        return false;
    }

    unsigned long long unit = file->file_offset;
    for_each_rw_ddir(ddir) {
        if ((ddir == DDIR_READ && td_read(td)) || (ddir == DDIR_WRITE && td_write(td)) ||
            (ddir == DDIR_TRIM && td_trim(td)))
            unit |= td->o.min_bs[ddir] | (td->o.ba[ddir] != 0 ? td->o.ba[ddir] : td->o.min_bs[ddir]);
    }

    if (unit % info->logical_block_size == 0 && !td->o.bs_unaligned)
        return true;
    log_err("dmio: %s has blocks of %u bytes: set bs, blockalign and offset to multiples\n", path,
            info->logical_block_size);
    return false;
}

static int open_target(struct thread_data *td, struct fio_file *file)
{
    struct engine *engine = td->io_ops_data;
    struct target *target = calloc(1, sizeof *target);
    if (target == NULL)
        return refuse(td, ENOMEM, "calloc");
    FILE_SET_ENG_DATA(file, target);
    if ((td->o.sync_io & O_SYNC) == O_SYNC && file->filetype != FIO_TYPE_BLOCK) {
        log_err("dmio: %s: sync=sync is for block devices; set sync=dsync\n", file->file_name);
        return refuse(td, EOPNOTSUPP, "sync");
    }

    for (int leg = 0; leg < engine->legs; leg++) {
        const char *path = leg == 0 ? file->file_name : engine->path[leg];
        unsigned int flags = (td->o.odirect ? 0 : DMIO_OPEN_BUFFERED) |
                             (td_write(td) || td_trim(td) ? 0 : DMIO_OPEN_READ_ONLY);
        struct dmio_device_info info;
        int error = dmio_device_open(path, flags, &target->device[leg]);
        if (error == 0)
            error = dmio_device_info(target->device[leg], &info, sizeof info);
        if (error < 0)
            return refuse_last(td, error, path);
        if (!suits(td, file, path, &info))
            return refuse(td, EOPNOTSUPP, "dmio_device_info");
    }

    return 0;
}

/* fio's descriptor, too: fio makes, measures and invalidates by it. Before init there is nothing else. */
static int engine_open_file(struct thread_data *td, struct fio_file *file)
{
    int error = generic_open_file(td, file);
    if (error != 0 || td->io_ops_data == NULL)
        return error;
    error = open_target(td, file);
    if (error != 0) {
        close_target(file);
        if (generic_close_file(td, file) != 0)
            log_err("dmio: %s can't be closed\n", file->file_name);
    }

    return error;
}

static int engine_close_file(struct thread_data *td, struct fio_file *file)
{
    close_target(file);
    return generic_close_file(td, file);
}

/* ---- a job ------------------------------------------------------------------------------------------------------ */

static const char *whats_refused(struct thread_data *td, const struct engine *engine)
{
    if (engine->legs > 1 && td->o.nr_files != 1)
        return "legs are of one file: give each file a job";
    if (engine->legs > 1 && engine->allow_degraded && (td->o.numjobs > 1 || td->subjob_number > 0) &&
        (td_write(td) || td_trim(td)))
        return "allow_degraded is of one job, which alone knows the legs that failed: set numjobs=1";
    if (td->o.oatomic)
        return "atomic is not supported";
    if (td->o.sync_file_range != 0)
        return "sync_file_range is not supported: use fsync or fdatasync";
    if (td->o.zone_mode == ZONE_MODE_ZBD)
        return "zonemode=zbd is not supported";
    return NULL;
}

/* Whether there is memory, and there are not too many. */
static int take_legs(struct thread_data *td, struct engine *engine, const char *legs)
{
    char *rest = engine->paths = strdup(legs == NULL ? "" : legs), *path;
    if (rest == NULL)
        return refuse(td, ENOMEM, "strdup");
    engine->legs = 1;
    engine->path[0] = td->o.nr_files == 1 ? td->files[0]->file_name : NULL;
    while ((path = get_next_str(&rest)) != NULL) {
        if (engine->legs == DMIO_MAX_REGIONS) {
            log_err("dmio: there can be %d legs and no more, the file included\n", DMIO_MAX_REGIONS);
            return refuse(td, EINVAL, "legs");
        }

        engine->path[engine->legs++] = path;
    }

    return 0;
}

static int open_reactor(struct thread_data *td, struct engine *engine)
{
    const struct options *own = td->eo;
    struct dmio_client_options options = {.requests = td->o.iodepth, .flags = own->spin ? 0 : DMIO_CLIENT_SLEEP};
    uint64_t entries = (uint64_t)td->o.iodepth * (unsigned int)engine->legs;
    options.queue_depth = entries < 256 ? 256 : entries > 32768 ? 32768 : (uint32_t)entries;
    int error = dmio_reactor_open(&options, sizeof options, &engine->reactor);
    return error == 0 ? 0 : refuse_last(td, error, "");
}

static int engine_init(struct thread_data *td)
{
    const struct options *options = td->eo;
    struct engine *engine = calloc(1, sizeof *engine);
    if (engine == NULL)
        return refuse(td, ENOMEM, "calloc");
    td->io_ops_data = engine;
    engine->allow_degraded = options->allow_degraded != 0;
    engine->write_flags = td->o.sync_io != 0 ? DMIO_FUA : 0;
    for (engine->mask = 1; engine->mask < td->o.iodepth; engine->mask *= 2)
        ;
    engine->ended = calloc(engine->mask--, sizeof *engine->ended);
    engine->queued = calloc(td->o.iodepth, sizeof *engine->queued);
    if (engine->ended == NULL || engine->queued == NULL)
        return refuse(td, ENOMEM, "calloc");
    if (take_legs(td, engine, options->legs) != 0)
        return 1;
    const char *refused = whats_refused(td, engine);
    if (refused != NULL) {
        log_err("dmio: %s\n", refused);
        return refuse(td, EOPNOTSUPP, "dmio");
    }

    return open_reactor(td, engine);
}

/* When fio has allocated the buffers. A log that is read in chunks makes it allocate them anew. */
static int engine_post_init(struct thread_data *td)
{
    struct engine *engine = td->io_ops_data;
    const struct options *options = td->eo;
    if (!options->fixedbufs || td->orig_buffer == NULL || td->o.read_iolog_chunked)
        return 0;
    uintptr_t start = (uintptr_t)td->orig_buffer & ~page_mask;
    uintptr_t end = ((uintptr_t)td->orig_buffer + td->orig_buffer_size + page_mask) & ~page_mask;
    int error = dmio_reactor_memory_register(engine->reactor, (void *)start, end - start, &engine->memory);
    if (error < 0)
        log_info("dmio: the buffers are not registered: %s\n", dmio_last_error());
    return 0;
}

static int engine_io_u_init(struct thread_data *td, struct io_u *io_u)
{
    struct engine *engine = td->io_ops_data;
    struct request *request = calloc(1, sizeof *request + (size_t)engine->legs * sizeof *request->reports);
    io_u->engine_data = request;
    if (request == NULL)
        return refuse(td, ENOMEM, "calloc");
    request->engine = engine;
    return 0;
}

/* fio frees the buffers next. */
static void engine_io_u_free(struct thread_data *td, struct io_u *io_u)
{
    if (td->io_ops_data != NULL)
        close_reactor(td->io_ops_data);
    free(io_u->engine_data);
    io_u->engine_data = NULL;
}

static void engine_cleanup(struct thread_data *td)
{
    struct engine *engine = td->io_ops_data;
    if (engine == NULL)
        return;
    close_reactor(engine);
    free(engine->paths);
    free(engine->queued);
    free(engine->ended);
    free(engine);
}

/* fio looks for this name. */
struct ioengine_ops ioengine = {
    .name = "dmio",
    .version = FIO_IOOPS_VERSION,
    .flags = FIO_NO_OFFLOAD | FIO_ASYNCIO_SETS_ISSUE_TIME | FIO_MEMALIGN | FIO_RAWIO,
    .init = engine_init,
    .post_init = engine_post_init,
    .queue = engine_queue,
    .commit = engine_commit,
    .getevents = engine_getevents,
    .event = engine_event,
    .errdetails = engine_errdetails,
    .cleanup = engine_cleanup,
    .open_file = engine_open_file,
    .close_file = engine_close_file,
    .get_file_size = generic_get_file_size,
    .io_u_init = engine_io_u_init,
    .io_u_free = engine_io_u_free,
    .option_struct_size = sizeof(struct options),
    .options = engine_options,
};
