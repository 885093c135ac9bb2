using System.Globalization;
using System.Text;
using DmIoUring.Interop;
using Microsoft.Win32.SafeHandles;

namespace DmIoUring.ScratchDevices;

/// <summary>A block device over a temporary file. Neither the device nor the file outlives the process, even when it is killed.</summary>
/// <remarks>
/// The file has no name from the first moment on, and the device detaches itself when its last descriptor closes
/// (LO_FLAGS_AUTOCLEAR); one of them is held here.
/// </remarks>
public sealed unsafe class LoopDevice : IDisposable
{
    private const int Attempts = 64;
    private const int SectorSize = 512;
    private static readonly TimeSpan DetachPatience = TimeSpan.FromSeconds(5);
    private static readonly Lazy<string?> Unavailable = new(FindObstacle);

    private readonly SafeFileHandle _device;
    private readonly int _number;
    private bool _disposed;
    private bool _refusesWrites;

    private LoopDevice(SafeFileHandle device, SafeFileHandle backing, int number, int blockSize)
    {
        _device = device;
        _number = number;
        BackingHandle = backing;
        BlockSize = blockSize;
        Path = LoopNode.PathOf(number);
    }

    /// <summary>The device's path: <c>/dev/loop3</c>.</summary>
    public string Path { get; }

    /// <summary>The size in bytes, as the kernel tells it now.</summary>
    public long Size
    {
        get
        {
            ulong bytes;
            Check(Libc.Ioctl(_device, BlockAbi.BLKGETSIZE64, &bytes), Path, "BLKGETSIZE64");
            return (long)bytes;
        }
    }

    /// <summary>The logical block in bytes.</summary>
    public int BlockSize { get; }

    /// <summary>Whether the kernel really goes past the page cache of the backing file.</summary>
    public bool DirectIo
    {
        get
        {
            LoopInfo64 info;
            Check(Libc.Ioctl(_device, BlockAbi.LOOP_GET_STATUS64, &info), Path, "LOOP_GET_STATUS64");
            return (info.lo_flags & BlockAbi.LO_FLAGS_DIRECT_IO) != 0;
        }
    }

    /// <summary>The backing file: what really lies on the medium, past the device.</summary>
    public SafeFileHandle BackingHandle { get; }

    /// <summary>Whether loop devices can be made here.</summary>
    /// <returns><see langword="null"/> when they can, otherwise the reason in words.</returns>
    public static string? WhyUnavailable() => Unavailable.Value;

    /// <summary>Makes a loop device over a new, sparse file.</summary>
    /// <param name="size">Bytes, a multiple of the block size.</param>
    /// <param name="options">How; <see langword="null"/> for 512-byte blocks, direct I/O, in the folder of temporary files.</param>
    /// <returns>The device, attached.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="size"/> is less than a block, or no multiple of it.</exception>
    /// <exception cref="IOException">The kernel refused; the message says which step.</exception>
    /// <exception cref="UnauthorizedAccessException">This user may not make loop devices.</exception>
    public static LoopDevice Create(long size, LoopDeviceOptions? options = null)
    {
        options ??= new LoopDeviceOptions();
        ArgumentOutOfRangeException.ThrowIfLessThan(size, options.BlockSize);
        ArgumentOutOfRangeException.ThrowIfNotEqual(size % options.BlockSize, 0, nameof(size));
        return AttachOrDispose(options.Sealable ? MemoryFile.Create(size) : NamelessFile.Create(options.Folder, size), options);
    }

    /// <summary>Makes a loop device over a file that is there already, and stays when the device goes: a <see cref="FaultFile"/>, say.</summary>
    /// <param name="path">The file.</param>
    /// <param name="options">How; <see cref="LoopDeviceOptions.Folder"/> and <see cref="LoopDeviceOptions.Sealable"/> mean nothing here.</param>
    /// <returns>The device, attached.</returns>
    /// <exception cref="IOException">The kernel refused; the message says which step.</exception>
    /// <exception cref="UnauthorizedAccessException">This user may not make loop devices.</exception>
    public static LoopDevice Over(string path, LoopDeviceOptions? options = null) =>
        AttachOrDispose(LoopNode.Open(path, FileAbi.O_RDWR), (options ?? new LoopDeviceOptions()) with { Sealable = false });

    /// <summary>
    /// Cuts or extends the backing file and leaves the device's size as it is. Reads past the file's end fail with EIO;
    /// a write there makes the file grow again.
    /// </summary>
    /// <param name="size">Bytes.</param>
    public void TruncateBacking(long size) => RandomAccess.SetLength(BackingHandle, size);

    /// <summary>
    /// Cuts the backing file for good and leaves the device's size as it is: reads and writes past the file's end fail
    /// with EIO, like bad sectors.
    /// </summary>
    /// <remarks>
    /// The loop driver takes a short write for a whole one (lo_complete_rq, drivers/block/loop.c), so a write that lies across
    /// the cut succeeds and loses its tail. Cut where no write lies across; requests are not merged on such a device.
    /// </remarks>
    /// <param name="size">Bytes that stay good.</param>
    /// <exception cref="IOException">The device was not made <see cref="LoopDeviceOptions.Sealable"/>.</exception>
    public void SealBacking(long size) => MemoryFile.ShrinkForGood(BackingHandle, size);

    /// <summary>
    /// Cuts or extends the backing file and the device with it, under whoever has it open. Past the new end writes fail
    /// with ENOSPC and reads return nothing.
    /// </summary>
    /// <param name="size">Bytes, a multiple of the block size.</param>
    public void Resize(long size)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(size % BlockSize, 0, nameof(size));
        RandomAccess.SetLength(BackingHandle, size);
        Check(Libc.Ioctl(_device, BlockAbi.LOOP_SET_CAPACITY, null), Path, "LOOP_SET_CAPACITY");
    }

    /// <summary>Makes the device refuse writes, or take them again (BLKROSET), under whoever has it open: EPERM for their writes.</summary>
    /// <param name="readOnly">Whether it refuses them.</param>
    /// <exception cref="IOException">The kernel refused.</exception>
    public void SetReadOnly(bool readOnly)
    {
        SetReadOnly(_device, _number, readOnly);
        _refusesWrites = readOnly;
    }

    /// <summary>
    /// Lets go of the device and waits, a few seconds at most, until it is detached; while somebody else has it open it
    /// stays, and detaches when they close it.
    /// </summary>
    public void Dispose()
    {
        if (_disposed)
            return;
        _disposed = true;
        int value = 0;

        // It would outlive the detaching, and the next to attach the device may not clear it, as losetup does not.
        if (_refusesWrites)
            _ = Libc.Ioctl(_device, BlockAbi.BLKROSET, &value);
        string? attached = LoopNode.BackingFile(_number);
        _device.Dispose();
        LoopNode.WaitUntilDetached(_number, attached, DetachPatience);
        BackingHandle.Dispose();
    }

    private static LoopDevice AttachOrDispose(SafeFileHandle backing, LoopDeviceOptions options)
    {
        try
        {
            return Attach(backing, options);
        }
        catch
        {
            backing.Dispose();
            throw;
        }
    }

    private static LoopDevice Attach(SafeFileHandle backing, LoopDeviceOptions options)
    {
        // Before 6.18 the driver takes the size that the file was last known to have (get_loop_size, drivers/block/loop.c). A file that
        // another process serves has none until somebody asks.
        long size = RandomAccess.GetLength(backing);

        // A block device under the loop device has no length as a file.
        int block;
        bool isDevice = Libc.Ioctl(backing, BlockAbi.BLKSSZGET, &block) >= 0;
        using SafeFileHandle control = LoopNode.OpenControl();
        for (int attempt = 1; ; attempt++)
        {
            // The number is free until somebody else configures it: EBUSY then, or gone altogether.
            int number = Check(Libc.Ioctl(control, BlockAbi.LOOP_CTL_GET_FREE, null), LoopNode.Control, "LOOP_CTL_GET_FREE");
            SafeFileHandle device = LoopNode.Open(number, options.ReadOnly);
            int result = Configure(device, backing, options);
            if (result >= 0)
            {
                if (!options.ReadOnly)
                    SetReadOnly(device, number, readOnly: false);
                LoopNode.SetMerging(number, merges: options is { Merges: true, Sealable: false });
                LoopDevice loop = new(device, backing, number, options.BlockSize);
                if (isDevice || loop.Size == size / SectorSize * SectorSize)
                    return loop;
                long taken = loop.Size;
                device.Dispose();
                throw new IOException(string.Create(
                    CultureInfo.InvariantCulture, $"{LoopNode.PathOf(number)} was given a file of {size} bytes and has {taken}."));
            }

            device.Dispose();
            if (result is not (-Errno.EBUSY or -Errno.ENXIO or -Errno.ENODEV or -Errno.EAGAIN) || attempt == Attempts)
                Check(result, LoopNode.PathOf(number), "LOOP_CONFIGURE");
            Thread.Sleep(attempt);
        }
    }

    /// <summary>BLKROSET outlives the detaching: who made the device read-only left it so for the next who attaches it.</summary>
    private static void SetReadOnly(SafeFileHandle device, int number, bool readOnly)
    {
        int value = readOnly ? 1 : 0;
        Check(Libc.Ioctl(device, BlockAbi.BLKROSET, &value), LoopNode.PathOf(number), "BLKROSET");
    }

    private static int Configure(SafeFileHandle device, SafeFileHandle backing, LoopDeviceOptions options)
    {
        bool held = false;
        try
        {
            backing.DangerousAddRef(ref held);
            LoopConfig config = default;
            config.fd = (uint)backing.DangerousGetHandle();
            config.block_size = (uint)options.BlockSize;
            config.info.lo_flags = BlockAbi.LO_FLAGS_AUTOCLEAR
                | (options.ReadOnly ? BlockAbi.LO_FLAGS_READ_ONLY : 0)
                | (options.DirectIo ? BlockAbi.LO_FLAGS_DIRECT_IO : 0);
            Encoding.ASCII.GetBytes("dmio-scratch\0", new Span<byte>(config.info.lo_file_name, 64));
            return Libc.Ioctl(device, BlockAbi.LOOP_CONFIGURE, &config);
        }
        finally
        {
            if (held)
                backing.DangerousRelease();
        }
    }

    /// <summary>Only making one tells for sure: containers differ in which of the steps they forbid.</summary>
    private static string? FindObstacle()
    {
        if (!File.Exists(LoopNode.Control))
            return $"{LoopNode.Control} does not exist: the loop module is not loaded, or this container was not given it";
        try
        {
            using LoopDevice probe = Create(1 << 20);
            return null;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            string who = Environment.IsPrivilegedProcess ? "" : "this process is not root; ";
            return who + exception.Message;
        }
    }

    private static int Check(int result, string path, string call) => result >= 0 ? result : throw new IOException(
        string.Create(CultureInfo.InvariantCulture, $"{path}: {call} failed with {Errno.Name(-result)}."), -result);
}
