using DmIoUring.ScratchDevices;
using DmIoUring.Testing;

namespace DmIoUring.TestSupport;

/// <summary>A device full of <see cref="TestDevice.Untouched"/> whose medium can be made to fail.</summary>
internal sealed class FaultDevice : IDisposable
{
    private readonly LoopDevice? _loop;

    /// <summary>Makes the device.</summary>
    /// <param name="kind">What it is.</param>
    /// <param name="size">Bytes.</param>
    /// <param name="options">How its medium is made.</param>
    /// <param name="merges">Whether the kernel may join neighbouring requests; where it may, a bad sector fails them all.</param>
    public FaultDevice(DeviceKind kind = DeviceKind.Loop512, int size = 1 << 20, FaultFileOptions? options = null, bool merges = false)
    {
        RequireFault.Here();
        File = FaultFile.Create(size, options);
        try
        {
            byte[] fill = new byte[size];
            Array.Fill(fill, TestDevice.Untouched);
            File.Write(0, fill);
            if (kind != DeviceKind.File)
                _loop = LoopDevice.Over(File.Path, new LoopDeviceOptions { BlockSize = kind == DeviceKind.Loop512 ? 512 : 4096, Merges = merges });
            Device = BlockDevice.Open(Path);
            File.ClearLog();
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    public FaultFile File { get; }

    public BlockDevice Device { get; } = null!;

    public string Path => _loop?.Path ?? File.Path;

    public LoopDevice Loop => _loop!;

    public IoRegion Region(long sector, long count) => new(Device, sector, count);

    /// <summary>What reached the medium in order: writes and flushes, no reads.</summary>
    public MediumRequest[] Changes() => [.. File.Log.Where(static request => request.Operation != MediumOperations.Read)];

    public void AssertHolds(long sector, ReadOnlySpan<byte> bytes)
    {
        int odd = bytes.CommonPrefixLength(File.Read(sector, bytes.Length / IoRegion.SectorSize));
        Assert.True(odd == bytes.Length, $"{Path} differs from byte {odd} of the {bytes.Length} at sector {sector} on.");
    }

    public void AssertUntouched(long sector, long count) => Assert.False(
        File.Read(sector, count).AsSpan().ContainsAnyExcept(TestDevice.Untouched), $"{Path} was written in sectors {sector}+{count}.");

    /// <summary>Ends the doubt that a failed flush has left. There must be one.</summary>
    public void AcknowledgeDoubt()
    {
        Assert.NotNull(Device.Doubt);
        Assert.True(Device.AcknowledgeDoubt(Device.Doubt));
        Assert.Null(Device.Doubt);
    }

    /// <summary>The file last, so that what is on it can still be answered; it ends whatever is held.</summary>
    public void Dispose()
    {
        Device?.Dispose();
        _loop?.Dispose();
        File.Dispose();
    }
}
