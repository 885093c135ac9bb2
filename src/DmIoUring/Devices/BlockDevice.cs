using System.Globalization;
using System.Numerics;
using DmIoUring.Devices;
using DmIoUring.Diagnostics;
using DmIoUring.Telemetry;
using DmIoUring.Threading;
using Microsoft.Win32.SafeHandles;

namespace DmIoUring;

/// <summary>An open block device, NVMe namespace or regular file, with its size and alignments.</summary>
/// <remarks>
/// Any thread may use it, with any number of clients. It stays open while requests on it are in flight, even after
/// <see cref="Dispose"/>; new requests are refused from then on.
/// </remarks>
public sealed partial class BlockDevice : IDisposable
{
    /// <summary>How long <see cref="Dispose"/> waits for lanes to release the device. A lane that takes longer is blocked by a callback.</summary>
    private static readonly TimeSpan ReleaseTimeout = TimeSpan.FromMilliseconds(100);

    /// <summary>The largest block that Linux has, in bytes.</summary>
    private const int LargestBlock = 64 << 10;

    private static int _opened;
    private readonly SafeFileHandle _handle;
    private readonly bool _ownsHandle;
    private readonly UninterruptedLock _holdersLock = new();
    private readonly List<DeviceTable> _holders = [];
    private DeviceGeometry _geometry;
    private int _segmentQuestions;
    private volatile bool _disposed;

    internal BlockDevice(string path, SafeFileHandle handle, bool ownsHandle, DeviceGeometry geometry, DeviceDurability? durability = null, string? name = null, DeviceBacking? backing = null)
    {
        SupportedProcessor.Require();
        Path = path;
        Backing = backing;
        _handle = handle;
        _ownsHandle = ownsHandle;
        _geometry = geometry;
        Descriptor = (int)handle.DangerousGetHandle();
        Durability = durability ?? DeviceDurability.Of(geometry.Identity);
        _acknowledged = Durability.AddUser();
        Counters = new DeviceCounterSet(name ?? path, handle);
    }

    /// <summary>The path by which it was opened; for a caller's handle, the path that the kernel reports.</summary>
    public string Path { get; }

    /// <summary>The size in bytes when the device was opened or last refreshed (<see cref="Refresh"/>).</summary>
    public long Size => _geometry.Size;

    /// <summary>
    /// The size in whole sectors of 512 bytes. The odd end of a file whose size is no multiple of that can be read where the file is not open for direct I/O
    /// (<see cref="IsDirect"/>): a region may have the one sector more that it lies in, whose rest reads as zeroes. It can't be written.
    /// </summary>
    public long SectorCount => _geometry.Size / DeviceGeometry.SectorSize;

    /// <summary>
    /// The smallest unit of I/O in bytes: regions must start and end on a multiple of it. BLKSSZGET; for a regular file
    /// its direct-I/O offset alignment; 512 when the device is not open for direct I/O.
    /// </summary>
    public int LogicalBlockSize => _geometry.LogicalBlockSize;

    /// <summary>How many sectors a read may name: an odd end included, where the kernel gives it.</summary>
    internal long ReadableSectors => _geometry.IsDirect ? SectorCount : (_geometry.Size + DeviceGeometry.SectorSize - 1) / DeviceGeometry.SectorSize;

    /// <summary>How long synchronous transfers take, by one way and by another.</summary>
    internal SyncTransferTimes SyncTransfers { get; } = new();

    /// <summary>
    /// What a buffer's address must be a multiple of, in bytes (statx DIOALIGN); 1 when not open for direct I/O. <see cref="LogicalBlockSize"/> on zram and
    /// on what lies on it, which read and write wrong bytes of memory that begins inside a page (is_partial_io, drivers/block/zram/zram_drv.c); found out
    /// by reading one block when the device is opened and by <see cref="Refresh"/>, and assumed of a file of such blocks that has none yet.
    /// Memory that is not aligned so is copied.
    /// </summary>
    public int MemoryAlignment => _geometry.MemoryAlignment;

    /// <summary>
    /// What an offset and a length must be a multiple of, in bytes (statx DIOALIGN); equal to <see cref="LogicalBlockSize"/>
    /// or smaller.
    /// </summary>
    public int OffsetAlignment => _geometry.OffsetAlignment;

    /// <summary>
    /// What the length of each piece of a scattered buffer must be a multiple of, in bytes; the total must always be whole logical blocks.
    /// <see cref="LogicalBlockSize"/> where the kernel refuses anything else (6.0 to 6.17: bdev_iter_is_aligned, block/fops.c and
    /// fs/iomap/direct-io.c), <see cref="MemoryAlignment"/> where it does not (6.18 and later), 1 when not open for direct I/O.
    /// Other buffers are copied through bounce buffers.
    /// </summary>
    /// <remarks>
    /// No system call reports it. It is probed when the device is opened, by a read that the kernel refuses either for its pieces or for its
    /// memory, before anything is read. An empty device and a file without an allocated block can't be probed: then it is
    /// <see cref="LogicalBlockSize"/>, until <see cref="Refresh"/> probes again.
    /// </remarks>
    public int SegmentAlignment => _geometry.SegmentAlignment;

    /// <summary>Whether writes are refused: it was opened for reading, or the block device was read-only then.</summary>
    public bool IsReadOnly => _geometry.IsReadOnly;

    /// <summary>Whether I/O bypasses the page cache.</summary>
    public bool IsDirect => _geometry.IsDirect;

    /// <summary>Whether the device has zones (shingled disks, ZNS); see <see cref="SequentialFrom"/>.</summary>
    public bool IsZoned => _geometry.ZoneSectors != 0;

    /// <summary>The length of a zone in sectors (BLKGETZONESZ); 0 for a device without zones.</summary>
    public long ZoneSectors => _geometry.ZoneSectors;

    /// <summary>
    /// The first sector of the first zone that must be written in order, from its write pointer on (BLKREPORTZONE); <see cref="long.MaxValue"/>
    /// when the device has no such zone: it has no zones, or may be written anywhere (host-aware).
    /// </summary>
    /// <remarks>
    /// From there on a region is written as one chunk, because chunks are not ordered: a region that is longer than the chunk size
    /// (<see cref="IoDriverOptions.ChunkBytes"/>) is <see cref="IoResult.Unsupported"/>, cause <see cref="IoFailureCause.Zoned"/>. So are
    /// discards and zeroes, which such zones don't support: a zone is reset, which this library does not do. A write that is not at the
    /// zone's write pointer fails with EIO, also with this cause. Reads have no such restrictions.
    /// </remarks>
    public long SequentialFrom => _geometry.SequentialFrom;

    /// <summary>Whether it is a block device; otherwise it is an NVMe namespace or a regular file.</summary>
    public bool IsBlockDevice => _geometry.IsBlockDevice;

    /// <summary>
    /// Whether it is the character device of an NVMe namespace (<c>/dev/ng0n1</c>): requests are sent as NVMe commands and bypass the block layer. Atomic
    /// writes and I/O priorities are Unsupported. The block device of the same namespace is not locked against use.
    /// </summary>
    public bool IsNvmeNamespace => _geometry.Namespace is not null;

    /// <summary>
    /// The unit of reads in bytes, where it is smaller than <see cref="LogicalBlockSize"/>: a file whose blocks are shared is written by the file
    /// system's block, and read by the device's (statx DIO_READ_ALIGN, 6.14). Otherwise the same.
    /// </summary>
    public int ReadBlockSize => _geometry.ReadBlockSize;

    /// <summary>The source of the alignments: <c>statx</c>, or the fallback when the kernel does not report them.</summary>
    public string AlignmentSource => _geometry.AlignmentSource;

    /// <summary>The smallest and the largest atomic write in bytes; 0 and 0 where the device has none.</summary>
    internal (int Min, int Max) AtomicWriteLimits => _geometry.AtomicWriteLimits;

    /// <summary>The NVMe namespace; null for a block device and a file.</summary>
    internal NvmeNamespace? Namespace => _geometry.Namespace;

    /// <summary>The most bytes that one entry may transfer; no limit for a block device and a file.</summary>
    internal int MaxTransferBytes => _geometry.MaxTransferBytes;

    /// <summary>What stands in for the kernel; null for a device of the kernel. System calls on the descriptor fail then.</summary>
    internal DeviceBacking? Backing { get; }

    /// <summary>Whose rings serve it; null for those of the kernel.</summary>
    internal object? Home => Backing?.Home;

    /// <summary>The descriptor; valid while a reference is held.</summary>
    internal int Descriptor { get; }

    /// <summary>A number that is unique in this process, from a counter.</summary>
    internal int Number { get; } = Interlocked.Increment(ref _opened);

    internal bool IsDisposed => _disposed;

    internal DeviceGeometry Geometry => _geometry;

    /// <summary>Opens a block device or a regular file.</summary>
    /// <param name="path">Its path.</param>
    /// <param name="options">The options; <see langword="null"/> for reads and writes with direct I/O.</param>
    /// <returns>The device; dispose it to close it.</returns>
    /// <exception cref="PlatformNotSupportedException">The processor is neither x64 nor Arm64.</exception>
    /// <exception cref="ArgumentException"><paramref name="path"/> is empty, or contains a null character; or the options contradict each other.</exception>
    /// <exception cref="FileNotFoundException">The path does not exist, and <see cref="BlockDeviceOptions.Create"/> was not asked for, or its directory does not exist either.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be opened with this access: no permission, or read-only.</exception>
    /// <exception cref="IOException">
    /// It is in use and <see cref="BlockDeviceOptions.Exclusive"/> was asked for, is neither a block device nor an NVMe namespace nor a
    /// regular file, its file system refuses direct I/O, it can't have the <see cref="BlockDeviceOptions.Length"/>, or the kernel refused for another reason. A file that was
    /// created is removed then.
    /// </exception>
    /// <remarks>
    /// What the kernel does not report is found out by reading a block: of a device whose blocks are as large as a page, and of a block device whose driver
    /// refuses I/O that must not block (<see cref="DeviceAbilities.IsInline"/>). On a device of these kinds that is stuck, this call waits.
    /// </remarks>
    public static BlockDevice Open(string path, BlockDeviceOptions? options = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);

        // The kernel would open the path before the null character.
        if (path.Contains('\0', StringComparison.Ordinal))
            throw new ArgumentException("The path has a null character in it; give it without.", nameof(path));
        options ??= new BlockDeviceOptions();
        FilePreparation.Check(options);
        SafeFileHandle handle = DeviceOpening.Open(path, options, out bool created);
        BlockDevice? device = null;
        try
        {
            device = new BlockDevice(path, handle, ownsHandle: true, DeviceGeometry.Of(handle, path), name: options.Name);
            FilePreparation.Apply(device, options);
            return device;
        }
        catch
        {
            device?.Dispose();
            handle.Dispose();
            if (created)
                File.Delete(path);
            throw;
        }
    }

    /// <summary>
    /// The alignments of direct I/O on files of a directory, before there is any: makes a file of one block there, which has no name by the time this returns.
    /// </summary>
    /// <param name="directory">The directory's path.</param>
    /// <returns>The alignments.</returns>
    /// <exception cref="ArgumentException"><paramref name="directory"/> is empty, or contains a null character.</exception>
    /// <exception cref="DirectoryNotFoundException">There is no such directory.</exception>
    /// <exception cref="UnauthorizedAccessException">No file can be made there: no permission, or read-only.</exception>
    /// <exception cref="IOException">The file system refuses direct I/O, has no space for a block, or the kernel refused for another reason.</exception>
    public static DeviceAlignment ProbeAlignment(string directory)
    {
        ArgumentException.ThrowIfNullOrEmpty(directory);
        if (!Directory.Exists(directory))
            throw new DirectoryNotFoundException($"{directory} is not a directory that exists. Name the one that the files will be in.");
        string path = System.IO.Path.Combine(directory, $".dmio-alignment-{Guid.NewGuid():N}");
        try
        {
            using BlockDevice file = Open(path, new BlockDeviceOptions { Create = true, Length = LargestBlock, Preallocation = FilePreallocation.Written });
            return new DeviceAlignment(
                file.LogicalBlockSize, file.MemoryAlignment, file.OffsetAlignment, file.SegmentAlignment, file.ReadBlockSize, file.AlignmentSource);
        }
        finally
        {
            File.Delete(path);
        }
    }

    /// <summary>Opens a block device or a regular file for reads, or for reads and writes, with direct I/O.</summary>
    /// <param name="path">Its path.</param>
    /// <param name="access">The access.</param>
    /// <returns>The device; dispose it to close it.</returns>
    /// <inheritdoc cref="Open(string, BlockDeviceOptions?)" path="/exception"/>
    public static BlockDevice Open(string path, DeviceAccess access) => Open(path, new BlockDeviceOptions { Access = access });

    /// <summary>Uses a handle that the caller opened. The handle's flags decide whether I/O is direct and whether writes are possible.</summary>
    /// <param name="handle">The handle. It is kept from closing while requests are in flight.</param>
    /// <param name="ownsHandle">Whether <see cref="Dispose"/> disposes the handle too.</param>
    /// <returns>The device.</returns>
    /// <remarks>
    /// Such a device is not registered with rings, and each request takes a reference on the handle: a registration would keep the file open past the moment at
    /// which its owner closes it. <see cref="Open(string, BlockDeviceOptions?)"/> spares both.
    /// </remarks>
    /// <exception cref="ArgumentException"><paramref name="handle"/> is closed or invalid.</exception>
    /// <exception cref="IOException">
    /// It is neither a block device nor a regular file; or it is open with a mode that can't be used: for appending
    /// (O_APPEND), as a path only (O_PATH), for writing only, or non-blocking (O_NONBLOCK). Don't set such a flag later.
    /// </exception>
    public static BlockDevice FromHandle(SafeFileHandle handle, bool ownsHandle = false)
    {
        ArgumentNullException.ThrowIfNull(handle);
        if (handle.IsInvalid || handle.IsClosed)
            throw new ArgumentException("The handle is closed or invalid; pass one that is open.", nameof(handle));
        int descriptor = (int)handle.DangerousGetHandle();
        string path = NameOf(descriptor);
        return new BlockDevice(path, handle, ownsHandle, DeviceGeometry.Of(handle, path));
    }

    /// <summary>Reads the size and all other properties again: a device may have been resized, a file truncated.</summary>
    /// <returns>The size in bytes.</returns>
    /// <remarks>
    /// <para>Nothing else reads them again: a region is checked against the size that was known when its request was submitted. On a device or file
    /// that has grown, the new part can't be accessed until this is called.</para>
    /// <para>When another program has shortened the device or file, a read beyond the new end fails with EIO and cause
    /// <see cref="IoFailureCause.EndedEarly"/>, and a write to a block device with ENOSPC. A regular file grows again when it is written there: the
    /// kernel has no write that would not extend it, and checking the size before each write would cost too much. Zeroes and discards check
    /// it, and fail with cause <see cref="IoFailureCause.BeyondEnd"/>. A program that shortens files which this program writes has to notify
    /// it, so that it calls this method.</para>
    /// </remarks>
    /// <exception cref="ObjectDisposedException">The device was disposed.</exception>
    /// <exception cref="IOException">A system call failed.</exception>
    public long Refresh()
    {
        AddReference();
        try
        {
            _geometry = Backing?.Geometry ?? DeviceGeometry.Of(_handle, Path);
            return _geometry.Size;
        }
        finally
        {
            Release();
        }
    }

    /// <summary>The device's abilities beyond reads and writes: flush, FUA, discard, write zeroes. Creates a small ring and closes it.</summary>
    /// <returns>The abilities as the kernel reports them now.</returns>
    /// <exception cref="ObjectDisposedException">The device was disposed.</exception>
    public DeviceAbilities ReadAbilities()
    {
        AddReference();
        try
        {
            return Backing?.Abilities ?? DeviceAbilities.Of(_geometry, Descriptor);
        }
        finally
        {
            Release();
        }
    }

    /// <summary>Refuses new requests, and closes the device when the last request in flight on it has ended.</summary>
    /// <remarks>
    /// Does not wait for requests. Lanes that have used the device keep it open, as a registered file; they release it before this returns. A
    /// lane that is blocked by a callback for more than 100 ms releases it when that callback has returned. A reactor releases it in its next
    /// <see cref="IoReactor.Poll"/>, or at once when this is called on the reactor's thread.
    /// </remarks>
    public void Dispose()
    {
        DeviceTable[] holders;
        using (_holdersLock.Enter())
        {
            if (_disposed)
                return;
            _disposed = true;
            holders = [.. _holders];
        }

        Durability.RemoveUser();
        if (_ownsHandle)
            _handle.Dispose();
        else
            Counters.GiveUp();
        Task[] answers = Array.ConvertAll(holders, static holder => holder.ReleaseDisposedAsync());
        if (!DeviceTable.IsLane)
            UninterruptedWait.WaitForAll(answers, ReleaseTimeout);
    }

    /// <summary>Whether both are open on one device or file, by whatever paths. Any thread; also after disposal.</summary>
    /// <param name="other">The other one.</param>
    /// <returns>
    /// True for the same block device, character device or inode. A partition and its disk, and a loop device and its file, are different devices here although they share sectors.
    /// </returns>
    public bool IsSameDeviceAs(BlockDevice other)
    {
        ArgumentNullException.ThrowIfNull(other);
        return Durability == other.Durability;
    }

    /// <summary>Human-readable: path, size, logical block size.</summary>
    /// <returns>One line.</returns>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture, $"{Path} ({Size} bytes, logical block {LogicalBlockSize})");

    /// <summary>Keeps the descriptor open until <see cref="Release"/>, because a closed descriptor's number is reused.</summary>
    internal void AddReference()
    {
        ThrowIfDisposed();
        bool held = false;
        _handle.DangerousAddRef(ref held);
    }

    internal void Release() => _handle.DangerousRelease();

    /// <summary>
    /// Probes the segment rule again that could not be probed when the device was opened: a file may have allocated blocks by now. Called by requests that
    /// would profit from the answer, while they hold a reference; of the calls only the first, second, fourth, eighth and so on probe. It reads nothing: a stuck device must not hold them.
    /// </summary>
    internal void LearnSegmentRule()
    {
        if (!BitOperations.IsPow2(Interlocked.Increment(ref _segmentQuestions)))
            return;
        DeviceGeometry known = _geometry;
        SegmentRule rule = SegmentProbe.Run(Descriptor, known.IsBlockDevice, known.Size, known.LogicalBlockSize, known.ReportedMemoryAlignment, mayRead: false);

        // Keep the result of a Refresh that ran meanwhile.
        if (rule != SegmentRule.Unknown)
            Interlocked.CompareExchange(ref _geometry, known.WithSegments(rule), known);
    }

    internal void ThrowIfDisposed()
    {
        if (_disposed || _handle.IsClosed)
            ThrowDisposed();
    }

    private static string NameOf(int descriptor)
    {
        string link = string.Create(CultureInfo.InvariantCulture, $"/proc/self/fd/{descriptor}");
        try
        {
            return File.ResolveLinkTarget(link, returnFinalTarget: false)?.FullName ?? link;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // Without /proc the device works, but its path is unknown.
            return link;
        }
    }

    /// <summary>Whether engines may hold it open as a registered file: not a caller's handle, which the caller may close at any time, and not an NVMe namespace.</summary>
    internal bool MayBeHeld => _ownsHandle && _geometry.Namespace is null;

    /// <summary>Keeps the device open for an engine until <see cref="ReleaseBy"/>.</summary>
    internal bool TryHoldBy(DeviceTable table)
    {
        using (_holdersLock.Enter())
        {
            if (_disposed || !MayBeHeld)
                return false;
            AddReference();
            _holders.Add(table);
            return true;
        }
    }

    internal void ReleaseBy(DeviceTable table)
    {
        using (_holdersLock.Enter())
            _holders.Remove(table);
        Release();
    }

    private void ThrowDisposed() => throw new ObjectDisposedException(
        nameof(BlockDevice), $"{Path} was disposed, or the handle that it uses was closed; open it again.");
}
