using System.Globalization;
using DmIoUring.Devices;
using DmIoUring.Interop;

namespace DmIoUring;

/// <content>Where a file has data, and where holes.</content>
public sealed partial class BlockDevice
{
    /// <summary>The hole or the data that a sector lies in, from that sector on (lseek, SEEK_DATA and SEEK_HOLE).</summary>
    /// <param name="sector">The sector, in units of 512 bytes; less than <see cref="SectorCount"/>.</param>
    /// <returns>
    /// The extent from <paramref name="sector"/> to its end, at most to <see cref="SectorCount"/>. A sector of which a part is data is data. All is data on a block
    /// device, an NVMe namespace and a simulated disk, and where the file system does not tell holes; also what a file has lost that is shorter than
    /// <see cref="SectorCount"/> now: a read fails there (<see cref="IoFailureCause.EndedEarly"/>).
    /// </returns>
    /// <remarks>
    /// Any thread, except a callback on a lane's: the file system may read to answer. What another thread or program writes meanwhile may be missed. Moves the file
    /// position of a handle that the caller opened (<see cref="FromHandle"/>); the library does not use it.
    /// </remarks>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="sector"/> is negative, or not less than <see cref="SectorCount"/>.</exception>
    /// <exception cref="IOException">The kernel refused.</exception>
    /// <exception cref="ObjectDisposedException">The device was disposed.</exception>
    public FileExtent FindExtent(long sector)
    {
        long end = SectorCount;
        ArgumentOutOfRangeException.ThrowIfNegative(sector);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(sector, end);
        AddReference();
        try
        {
            if (IsBlockDevice || IsNvmeNamespace || Backing is not null)
                return new FileExtent(sector, end - sector, IsHole: false);
            long data = Seek(sector * DeviceGeometry.SectorSize, FileAbi.SEEK_DATA);

            // No more data, or beyond the end of a file that was shortened: then a read has to tell it.
            if (data == -Errno.ENXIO)
                return new FileExtent(sector, end - sector, IsHole: StillHolds(sector, end - sector));

            // Data may begin inside a sector, which is data then.
            long firstData = data == -Errno.EINVAL ? sector : data / DeviceGeometry.SectorSize;
            if (firstData > sector)
                return new FileExtent(sector, Math.Min(firstData, end) - sector, IsHole: true);
            return new FileExtent(sector, EndOfData(sector, end) - sector, IsHole: false);
        }
        finally
        {
            Release();
        }
    }

    /// <summary>The first sector after the data that begins in a sector.</summary>
    private long EndOfData(long sector, long end)
    {
        for (long from = sector; ;)
        {
            long hole = Seek(from * DeviceGeometry.SectorSize, FileAbi.SEEK_HOLE);

            // EINVAL: the file system does not tell. ENXIO: it was shortened meanwhile.
            if (hole < 0 || hole / DeviceGeometry.SectorSize >= end)
                return end;
            long next = (hole + DeviceGeometry.SectorSize - 1) / DeviceGeometry.SectorSize;
            if (next > sector)
                return Math.Min(next, end);

            // A hole inside of the first sector, which has data after it.
            from = sector + 1;
            if (from >= end)
                return end;
        }
    }

    private long Seek(long offset, int whence)
    {
        long result = Libc.Lseek(_handle, offset, whence);
        return result >= 0 || result == -Errno.ENXIO || result == -Errno.EINVAL
            ? result
            : throw new IOException(string.Create(CultureInfo.InvariantCulture, $"{Path}: holes can't be looked for ({Errno.Name((int)-result)})."), (int)-result);
    }
}
