using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using DmIoUring.Interop;

namespace DmIoUring.Memory;

/// <summary>
/// Anonymous memory of the host: on huge pages where possible, populated and locked at once, and not
/// inherited by a forked child.
/// </summary>
internal sealed unsafe class HostExtentSource : IExtentSource
{
    public const long HugePageBytes = 2 << 20;

    /// <summary>Bytes that are populated between two checks of the cancellation token; tens of milliseconds at most.</summary>
    private const long PopulateStep = 64 << 20;

    /// <summary>Bytes that are mapped unasked, like any small allocation: to read what the host and its control groups have takes longer than to populate them.</summary>
    private const long UncheckedBytes = 1 << 20;

    private const int Protection = FileAbi.PROT_READ | FileAbi.PROT_WRITE;
    private const int AnonymousFlags = FileAbi.MAP_PRIVATE | FileAbi.MAP_ANONYMOUS;

    /// <summary>
    /// Checked first because of overcommit: the kernel maps more than there is, and kills a process, perhaps this one, when the
    /// pages are touched.
    /// </summary>
    public void EnsureAvailable(long bytes)
    {
        if (bytes <= UncheckedBytes)
            return;
        long available = HostMemory.Available;
        if (bytes > available)
            ThrowOutOfMemory(bytes, string.Create(CultureInfo.InvariantCulture, $"{available} bytes are available"));
    }

    public MappedExtent Map(long bytes, CancellationToken cancellationToken)
    {
        int refusal = MappedExtent.NotAsked;
        if (bytes % HugePageBytes == 0 && TryMapHugeTlb(bytes, cancellationToken, out refusal) is { } huge)
            return huge;

        byte* start = MapWithoutHugeTlb(bytes);
        try
        {
            int hugePage = MappedExtent.NotAsked;
            if (bytes >= HugePageBytes)
                hugePage = -Libc.Madvise(start, (nuint)bytes, FileAbi.MADV_HUGEPAGE);
            int errno = Populate(start, bytes, cancellationToken);
            if (errno == Errno.EINVAL)
                Touch(start, bytes, cancellationToken);
            else if (errno != 0)
                ThrowOutOfMemory(bytes, "the kernel answered " + Errno.Name(errno));
            return new MappedExtent(start, bytes) { HugeTlb = refusal, HugePage = hugePage, Lock = Lock(start, bytes) };
        }
        catch
        {
            _ = Libc.Munmap(start, (nuint)bytes);
            throw;
        }
    }

    public void Unmap(MappedExtent extent) => _ = Libc.Munmap(extent.Start, (nuint)extent.Length);

    public IReadOnlyList<IoFeature> Describe(IReadOnlyList<MappedExtent> extents) => PoolFeatures.Describe(extents);

    private static MappedExtent? TryMapHugeTlb(long bytes, CancellationToken cancellationToken, out int errno)
    {
        const int flags = AnonymousFlags | FileAbi.MAP_HUGETLB | FileAbi.MAP_HUGE_2MB;
        byte* start = (byte*)Libc.Mmap((nuint)bytes, Protection, flags, -1, 0, out errno);
        if (start is null)
            return null;
        try
        {
            _ = Libc.Madvise(start, (nuint)bytes, FileAbi.MADV_DONTFORK);

            // Populate reports the limit of a cgroup or a NUMA node; touching the memory would be SIGBUS.
            errno = Populate(start, bytes, cancellationToken);
            if (errno == 0)
                return new MappedExtent(start, bytes) { HugeTlb = MappedExtent.Granted, Lock = Lock(start, bytes) };
        }
        catch
        {
            _ = Libc.Munmap(start, (nuint)bytes);
            throw;
        }

        _ = Libc.Munmap(start, (nuint)bytes);
        return null;
    }

    private static byte* MapWithoutHugeTlb(long bytes)
    {
        long slack = bytes >= HugePageBytes ? HugePageBytes : 0;
        byte* start = (byte*)Libc.Mmap((nuint)(bytes + slack), Protection, AnonymousFlags, -1, 0, out int errno);
        if (start is null)
            ThrowOutOfMemory(bytes, "mmap answered " + Errno.Name(errno));
        if (slack != 0)
        {
            // The parts before and after are whole pages of any page size that divides 2 MiB.
            byte* aligned = (byte*)(((nuint)start + (nuint)slack - 1) & ~((nuint)slack - 1));
            byte* end = (byte*)(((nuint)(aligned + bytes) + PageMask) & ~PageMask);
            long before = aligned - start;
            long after = start + bytes + slack - end;
            if (before > 0)
                _ = Libc.Munmap(start, (nuint)before);
            if (after > 0)
                _ = Libc.Munmap(end, (nuint)after);
            start = aligned;
        }

        // A forked child would share the pages copy-on-write, and a write on this side would move them away from the device.
        _ = Libc.Madvise(start, (nuint)bytes, FileAbi.MADV_DONTFORK);
        return start;
    }

    private static nuint PageMask => (nuint)Environment.SystemPageSize - 1;

    /// <summary>Populates every page: 0 or the errno. EINVAL from a kernel before 5.14, which does not support it.</summary>
    private static int Populate(byte* start, long bytes, CancellationToken cancellationToken)
    {
        for (long done = 0; done < bytes;)
        {
            cancellationToken.ThrowIfCancellationRequested();
            long step = Math.Min(PopulateStep, bytes - done);
            int errno = -Libc.Madvise(start + done, (nuint)step, FileAbi.MADV_POPULATE_WRITE);
            if (errno is Errno.EINTR or Errno.EAGAIN)
                continue;
            if (errno != 0)
                return errno;
            done += step;
        }

        return 0;
    }

    private static void Touch(byte* start, long bytes, CancellationToken cancellationToken)
    {
        for (long offset = 0; offset < bytes; offset += PagePool.PageSize)
        {
            if (offset % PopulateStep == 0)
                cancellationToken.ThrowIfCancellationRequested();
            Volatile.Write(ref start[offset], 0);
        }
    }

    private static int Lock(byte* start, long bytes) => -Libc.Mlock(start, (nuint)bytes);

    /// <summary>Throws the OutOfMemoryException of a check ahead: the process itself has not run out of memory.</summary>
    [DoesNotReturn]
    private static void ThrowOutOfMemory(long bytes, string reason) =>
#pragma warning disable MA0012 // This type is for programs that check ahead.
        throw new InsufficientMemoryException(string.Create(
#pragma warning restore MA0012
            CultureInfo.InvariantCulture,
            $"No memory for {bytes} bytes ({bytes / PagePool.PageSize} pages) more in the page pool: {reason}. Reserve fewer pages, or free memory."));
}
