using System.Globalization;
using DmIoUring.Devices;
using DmIoUring.Interop;

namespace DmIoUring;

/// <content>The length of a regular file.</content>
public sealed partial class BlockDevice
{
    /// <summary>
    /// Allocates space for a regular file, from its beginning to a length (fallocate): existing data is kept, new parts read as zeroes, and later
    /// writes there can't fail for lack of space. A shorter file is extended to that length; a longer one keeps its length.
    /// </summary>
    /// <param name="length">
    /// In bytes. Make it a multiple of <see cref="LogicalBlockSize"/>: direct I/O can't access a partial block at the end.
    /// </param>
    /// <returns>The file's new size in bytes, which is also the new <see cref="Size"/>.</returns>
    /// <remarks>Any thread, also while requests are in flight. A call that failed may have allocated a part, and changed the size.</remarks>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="length"/> is less than 1.</exception>
    /// <exception cref="InvalidOperationException">This is a block device or an NVMe namespace, or open for reading only.</exception>
    /// <exception cref="IOException">
    /// No space is left (ENOSPC, EDQUOT), the file would be too large (EFBIG), the file system can't allocate ahead (EOPNOTSUPP), or the kernel
    /// refused for another reason.
    /// </exception>
    /// <exception cref="ObjectDisposedException">The device was disposed.</exception>
    public long Allocate(long length)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(length, 1);
        return ChangeLength(
            "allocated",
            length,
            static (device, length) => device.Backing?.Allocate(length) ?? Libc.Fallocate(device.Descriptor, 0, 0, length),
            static errno => errno == Errno.EOPNOTSUPP ? "its file system can't allocate ahead; write zeroes instead" : null);
    }

    /// <summary>As <see cref="Allocate"/>, but leaves the length as it is, and does nothing where the file system can't allocate ahead.</summary>
    internal void AllocateAhead(long length) => ChangeLength(
        "allocated",
        length,
        static (device, length) =>
        {
            int result = Libc.Fallocate(device.Descriptor, FileAbi.FALLOC_FL_KEEP_SIZE, 0, length);
            return result == -Errno.EOPNOTSUPP ? 0 : result;
        },
        static _ => null);

    /// <summary>Sets the length of a regular file (ftruncate): truncates it, or extends it by a hole, which reads as zeroes.</summary>
    /// <param name="length">
    /// In bytes. Make it a multiple of <see cref="LogicalBlockSize"/>: direct I/O can't access a partial block at the end.
    /// </param>
    /// <returns>The file's new size in bytes, which is also the new <see cref="Size"/>.</returns>
    /// <remarks>
    /// Any thread. Requests on the truncated part should end first: a write there that is still in flight may extend the file again, and a read
    /// may fail.
    /// </remarks>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="length"/> is negative.</exception>
    /// <exception cref="InvalidOperationException">This is a block device or an NVMe namespace, or open for reading only.</exception>
    /// <exception cref="IOException">The file would be too large (EFBIG), may not change (EPERM), or the kernel refused for another reason.</exception>
    /// <exception cref="ObjectDisposedException">The device was disposed.</exception>
    public long SetLength(long length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        return ChangeLength(
            "given a length", length, static (device, length) => device.Backing?.SetLength(length) ?? Libc.Ftruncate(device.Descriptor, length), static _ => null);
    }

    /// <summary>Whether sectors of a regular file end within the file's current size. A reference must be held.</summary>
    internal unsafe bool StillHolds(long sector, long count)
    {
        if (Backing is not null)
            return (sector + count) * DeviceGeometry.SectorSize <= Backing.Geometry.Size;
        Statx stat;
        return IsBlockDevice
            || IsNvmeNamespace
            || Libc.Statx(Descriptor, &stat) < 0
            || (sector + count) * DeviceGeometry.SectorSize <= (long)stat.stx_size;
    }

    private long ChangeLength(string what, long length, Func<BlockDevice, long, int> change, Func<int, string?> explain)
    {
        AddReference();
        try
        {
            if (IsBlockDevice || IsNvmeNamespace)
                throw new InvalidOperationException($"{Path} is {(IsBlockDevice ? "a block device" : "an NVMe namespace")}, which has the size that it has; it can't be {what}.");
            if (IsReadOnly)
                throw new InvalidOperationException($"{Path} is open for reading only, and can't be {what}. Open it for reading and writing.");
            int result;
            do
            {
                result = change(this, length);
            }
            while (result == -Errno.EINTR);
            long size = Refresh();
            if (result >= 0)
                return size;
            string why = explain(-result) is { } reason ? ": " + reason : "";
            throw new IOException(
                string.Create(CultureInfo.InvariantCulture, $"{Path} can't be {what} ({length} bytes, {Errno.Name(-result)}){why}."), -result);
        }
        finally
        {
            Release();
        }
    }
}
