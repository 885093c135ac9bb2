using DmIoUring.Interop;
using DmIoUring.ScratchDevices;
using Microsoft.Win32.SafeHandles;

namespace DmIoUring.Benchmarks;

/// <summary>A device to measure on, opened twice with direct I/O: for this library, and as the handle that RandomAccess takes.</summary>
internal sealed class BenchDevice : IDisposable
{
    public const int BlockBytes = 4096;
    public const int BlockSectors = BlockBytes / IoRegion.SectorSize;
    private const long Bytes = 256 << 20;
    private readonly IDisposable _scratch;

    private BenchDevice(IDisposable scratch, string path)
    {
        _scratch = scratch;
        Device = BlockDevice.Open(path);
        int descriptor = Libc.Open(path, FileAbi.O_RDWR | FileAbi.O_DIRECT | FileAbi.O_CLOEXEC, 0);
        Handle = descriptor >= 0
            ? new SafeFileHandle(descriptor, ownsHandle: true)
            : throw new IOException($"{path}: {Errno.Name(-descriptor)}", -descriptor);
    }

    public BlockDevice Device { get; }

    public SafeFileHandle Handle { get; }

    public long Blocks => Device.Size / BlockBytes;

    /// <summary>Makes the device, every block of it written once.</summary>
    public static BenchDevice Create(BenchDeviceKind kind)
    {
        BenchDevice device;
        if (kind == BenchDeviceKind.Zram)
        {
            ZramDevice zram = ZramDevice.Create(Bytes);
            device = new BenchDevice(zram, zram.Path);
        }
        else
        {
            string folder = kind == BenchDeviceKind.LoopOnTmpfs ? "/dev/shm" : Path.GetTempPath();
            LoopDevice loop = LoopDevice.Create(Bytes, new LoopDeviceOptions { Folder = folder });
            device = new BenchDevice(loop, loop.Path);
        }

        device.Fill();
        return device;
    }

    public void Dispose()
    {
        Device.Dispose();
        Handle.Dispose();
        _scratch.Dispose();
    }

    private void Fill()
    {
        using IoMemory memory = IoMemory.Allocate(1 << 20);
        new Random(1).NextBytes(memory.Memory.Span);
        for (long offset = 0; offset < Device.Size; offset += memory.Length)
            RandomAccess.Write(Handle, memory.Memory.Span, offset);
    }
}
