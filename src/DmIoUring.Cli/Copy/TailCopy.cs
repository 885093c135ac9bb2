using System.Globalization;
using DmIoUring.Cli.Devices;
using DmIoUring.Interop;
using Microsoft.Win32.SafeHandles;

namespace DmIoUring.Cli.Copy;

/// <summary>
/// The end of a source that is no whole block of every device. Direct I/O can't write it; it goes through the page cache, as dd and cp do
/// all of it: a destination gets exactly the source's bytes, and what lies behind them in the same block stays as it was. It is read as a
/// whole block, which direct I/O can do at the end of a file too.
/// </summary>
internal sealed unsafe class TailCopy(CopyPlan plan)
{
    private readonly byte[] _data = new byte[plan.TailBytes];

    private long Offset => plan.Bytes - plan.TailBytes;

    private long Sector => Offset / IoRegion.SectorSize;

    /// <summary>Reads the source's tail.</summary>
    /// <returns>Why it could not be read, and is zeroes; <see langword="null"/> when it was.</returns>
    public CopyFailure? Read() => ReadInto(plan.SourceFile, _data) is var errno and not 0 ? Failure(CopyPhase.Read, "reading", errno) : null;

    /// <summary>Writes what <see cref="Read"/> has read, zeroes when it could not.</summary>
    /// <returns>Why it could not be written; <see langword="null"/> when it was. It is not flushed yet.</returns>
    public CopyFailure? Write(DeviceFile destination)
    {
        int descriptor = destination.OpenBuffered();
        if (descriptor < 0)
            return Failure(CopyPhase.Write, "writing", -descriptor);
        using SafeFileHandle handle = new(descriptor, ownsHandle: true);
        fixed (byte* data = _data)
        {
            for (int done = 0; done < _data.Length;)
            {
                nint count = Libc.Pwrite(descriptor, data + done, (nuint)(_data.Length - done), Offset + done);
                if (count == -Errno.EINTR)
                    continue;
                if (count <= 0)
                    return Failure(CopyPhase.Write, "writing", count == 0 ? Errno.EIO : (int)-count);
                done += (int)count;
            }
        }

        return null;
    }

    /// <summary>Reads the tail back, after it was flushed, and compares.</summary>
    /// <returns>Where it differs or why it can't be read; <see langword="null"/> when it is the same.</returns>
    public CopyFailure? Verify(DeviceFile destination)
    {
        byte[] actual = new byte[_data.Length];
        if (ReadInto(destination, actual) is var errno and not 0)
            return Failure(CopyPhase.Verify, "reading back", errno);
        int same = _data.AsSpan().CommonPrefixLength(actual);
        if (same == _data.Length)
            return null;
        long sector = (Offset + same) / IoRegion.SectorSize;
        return new CopyFailure(
            CopyPhase.Verify, Errno: null, sector, IsExact: true, FormattableString.Invariant($"differs from the source at sector {sector}"));
    }

    /// <summary>0, or the errno; the data is changed only when it could be read.</summary>
    private int ReadInto(DeviceFile file, Span<byte> data)
    {
        using IoMemory memory = IoMemory.Allocate(plan.Unit);
        fixed (byte* block = memory.GetSpan())
        {
            nint count;
            do
            {
                count = Libc.Pread((int)file.Handle.DangerousGetHandle(), block, (nuint)plan.Unit, Offset);
            }
            while (count == -Errno.EINTR);

            // Less than there was when the copy began: it was shortened.
            if (count < data.Length)
                return count < 0 ? (int)-count : Errno.EIO;
        }

        memory.GetSpan()[..data.Length].CopyTo(data);
        return 0;
    }

    private CopyFailure Failure(CopyPhase phase, string verb, int errno) => new(
        phase, Errno.Name(errno), Sector, IsExact: false,
        string.Create(CultureInfo.InvariantCulture, $"{verb} the last {plan.TailBytes} bytes, from sector {Sector} on: {Errno.Name(errno)}"));
}
