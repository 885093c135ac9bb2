/* One page to a file and back, by the package's header and library alone. */
#include <dmio.h>
#include <stdio.h>
#include <string.h>

int main(int count, char **arguments)
{
    static _Alignas(DMIO_PAGE_SIZE) unsigned char page[DMIO_PAGE_SIZE];
    struct io_region region = {.sector = 8, .count = 8};
    unsigned long bits;
    memset(page, 7, sizeof page);
    if (count < 2 || dm_io_get(16) < 0 || dmio_device_open(arguments[1], 0, &region.bdev) < 0)
        return puts(dmio_last_error()), 1;
    if (dm_io_sync_vm(1, &region, DMIO_WRITE, page, &bits) < 0)
        return puts(dmio_last_error()), 1;
    memset(page, 0, sizeof page);
    if (dm_io_sync_vm(1, &region, DMIO_READ, page, &bits) < 0)
        return puts(dmio_last_error()), 1;
    region.sector = 1 << 20;
    int beyond = dm_io_sync_vm(1, &region, DMIO_WRITE, page, &bits);
    printf("native: read %d and %d, beyond the end %d, bits 0x%lx\n", page[0], page[4095], beyond, bits);
    return dm_io_put(16) < 0;
}
