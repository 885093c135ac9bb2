using DmIoUring.ScratchDevices;

namespace DmIoUring.KernelTests;

/// <summary>A loop device, and what lies on its file past every device that is on top of it.</summary>
internal sealed class Medium : IDisposable
{
    /// <summary>Sectors of one, unless more are asked for.</summary>
    public const int Sectors = 8192;

    private readonly LoopDevice _loop;

    public Medium(int blockSize = 512, int sectors = Sectors)
    {
        if (LoopDevice.WhyUnavailable() is string obstacle)
            Assert.Fail(obstacle);
        _loop = LoopDevice.Create(sectors * 512L, new LoopDeviceOptions { BlockSize = blockSize });
    }

    public LoopDevice Loop => _loop;

    public byte[] Read(long sector, int bytes)
    {
        byte[] read = new byte[bytes];
        Assert.Equal(bytes, RandomAccess.Read(_loop.BackingHandle, read, sector * 512));
        return read;
    }

    public void AssertHolds(long sector, ReadOnlySpan<byte> bytes) => Data.AssertSame(bytes, Read(sector, bytes.Length), $"{_loop.Path} at sector {sector}");

    public void Dispose() => _loop.Dispose();
}
