using DmIoUring.ScratchDevices;
using DmIoUring.TestSupport;
using Microsoft.Win32.SafeHandles;

namespace DmIoUring.DeviceTests.Client;

/// <summary>A sparse file of more than 2 GiB with three written places, and memory for all of it: made once, its pages cost seconds.</summary>
public sealed class LargeFile : IDisposable
{
    public const long Size = (2L << 30) + (512L << 10);

    /// <summary>Across 2 GiB, where a length or an offset of 32 bits turns over.</summary>
    public const long MiddleOffset = (2L << 30) - 4096;

    public const long LastOffset = Size - 8192;
    private readonly ScratchFile? _file;
    private readonly BlockDevice? _device;
    private readonly IoMemory? _memory;

    public LargeFile()
    {
        if (GC.GetGCMemoryInfo().TotalAvailableMemoryBytes < 3 * Size)
            return;
        _file = ScratchFile.Create(Size, "/dev/shm");
        using (SafeFileHandle handle = File.OpenHandle(_file.Path, FileMode.Open, FileAccess.Write))
        {
            RandomAccess.Write(handle, First, 0);
            RandomAccess.Write(handle, Middle, MiddleOffset);
            RandomAccess.Write(handle, Last, LastOffset);
        }

        _device = BlockDevice.Open(_file.Path, new BlockDeviceOptions { Direct = false });
        _memory = IoMemory.Allocate(Size);
    }

    public byte[] First { get; } = Pattern.Bytes(8192, seed: 1);

    public byte[] Middle { get; } = Pattern.Bytes(8192, seed: 2);

    public byte[] Last { get; } = Pattern.Bytes(8192, seed: 3);

    public BlockDevice Device
    {
        get
        {
            Assert.SkipWhen(_device is null, $"needs {3 * Size} bytes of memory");
            return _device;
        }
    }

    public IoMemory Memory => _memory!;

    public unsafe Span<byte> At(long offset) => new((byte*)Memory.Pointer + offset, 8192);

    public void Dispose()
    {
        _memory?.Dispose();
        _device?.Dispose();
        _file?.Dispose();
    }
}
