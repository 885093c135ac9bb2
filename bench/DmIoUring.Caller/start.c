/*
 * start LIBRARY FILE: what the start of libdmio costs a process: loading it, dm_io_get, opening a file and reading a page of it,
 * in milliseconds and in MiB of memory that has become resident.
 */
#include <dlfcn.h>
#include <dmio.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec * 1e3 + (double)time.tv_nsec * 1e-6;
}

static double resident(void)
{
    long size = 0, pages = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    if (file == NULL || fscanf(file, "%ld %ld", &size, &pages) != 2)
        exit(1);
    fclose(file);
    return (double)pages * (double)sysconf(_SC_PAGESIZE) / (1 << 20);
}

#define FIND(name) ((__typeof__(&name))dlsym(library, #name))

int main(int count, char **arguments)
{
    static _Alignas(4096) char page[4096];
    if (count != 3)
        return 2;
    double memory = resident(), start = now();
    void *library = dlopen(arguments[1], RTLD_NOW);
    if (library == NULL)
        return fputs(dlerror(), stderr), 1;
    struct io_region where = {.sector = 0, .count = 8};
    if (FIND(dm_io_get)(16) < 0 || FIND(dmio_device_open)(arguments[2], DMIO_OPEN_READ_ONLY, &where.bdev) < 0 || FIND(dm_io_sync_vm)(1, &where, DMIO_READ, page, NULL) < 0)
        return fputs(FIND(dmio_last_error)(), stderr), 1;
    double took = now() - start;
    printf("%.2f %.2f\n", took, resident() - memory);
    return FIND(dm_io_put)(16) < 0;
}
