"""Writes one page to every leg at once and says which have failed: python3 dmio.py LEG LEG... (they are OVERWRITTEN).

LD_LIBRARY_PATH says where libdmio.so is, when that is no folder of the system's.
"""
import ctypes
import mmap
import sys

DMIO_READ, DMIO_WRITE, DMIO_FUA = 0, 1, 1 << 9
dmio = ctypes.CDLL("libdmio.so")
dmio.dmio_last_error.restype = ctypes.c_char_p


class Region(ctypes.Structure):
    _fields_ = [("bdev", ctypes.c_void_p), ("sector", ctypes.c_uint64), ("count", ctypes.c_uint64)]


def check(result):
    if result < 0:
        raise OSError(-result, dmio.dmio_last_error().decode())


def main(paths):
    check(dmio.dm_io_get(16))
    where = (Region * len(paths))()
    for region, path in zip(where, paths):
        device = ctypes.c_void_p()
        check(dmio.dmio_device_open(path.encode(), 0, ctypes.byref(device)))
        region.bdev, region.sector, region.count = device, 0, 8
    page = mmap.mmap(-1, mmap.PAGESIZE)  # mapped: aligned, as direct I/O wants it
    page[:5] = b"hello"
    address = ctypes.byref(ctypes.c_char.from_buffer(page))
    bits = ctypes.c_ulong()
    if dmio.dm_io_sync_vm(len(paths), where, DMIO_WRITE | DMIO_FUA, address, ctypes.byref(bits)) < 0:
        print(dmio.dmio_last_error().decode())
    for leg, path in enumerate(paths):
        if bits.value >> leg & 1 == 0:
            page[:5] = bytes(5)
            check(dmio.dm_io_sync_vm(1, ctypes.byref(where[leg]), DMIO_READ, address, None))
            print(path, page[:5].decode())
    check(dmio.dm_io_put(16))


main(sys.argv[1:])
