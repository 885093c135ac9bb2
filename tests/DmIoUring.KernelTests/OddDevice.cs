using DmIoUring.ScratchDevices;

namespace DmIoUring.KernelTests;

/// <summary>A loop device of 512 or 4,096-byte blocks, a RAM disk, a compressed one, device-mapper on that, or a SCSI disk, and a look at its bytes past the library.</summary>
internal sealed class OddDevice : IDisposable
{
    private const string RamDisk = "/dev/ram1";
    private readonly Medium? _medium;
    private readonly ZramDevice? _zram;
    private readonly MappedDevice? _mapped;

    public OddDevice(string kind)
    {
        switch (kind)
        {
            case "brd":
                if (!File.Exists(RamDisk))
                    Assert.Skip("this kernel has no brd module");
                Path = RamDisk;
                break;
            case "zram" or "dm on zram":
                if (ZramDevice.WhyUnavailable() is { } reason)
                    Assert.Skip(reason);
                _zram = ZramDevice.Create(1 << 20);
                Path = _zram.Path;
                if (kind is "dm on zram")
                {
                    MappedDevice.Require("linear");
                    _mapped = new MappedDevice($"0 2048 linear {_zram.Path} 0");
                    Path = _mapped.Path;
                }

                break;
            case "scsi_debug":
                Path = ScsiDebug.Require();
                break;
            case "nvme 512" or "nvme 4096":
                Path = Nvme(kind[5..]);
                break;
            default:
                _medium = new Medium(kind.EndsWith("4096", StringComparison.Ordinal) ? 4096 : 512);
                Path = _medium.Loop.Path;
                break;
        }
    }

    /// <summary>Every kind. The SCSI disk takes memory at any multiple of 4 bytes.</summary>
    public static IReadOnlyList<string> Kinds { get; } = ["loop 512", "loop 4096", "brd", "zram", "dm on zram", "scsi_debug", "nvme 512", "nvme 4096"];

    public string Path { get; }

    public void AssertHolds(long sector, ReadOnlySpan<byte> bytes)
    {
        if (_medium is not null)
        {
            _medium.AssertHolds(sector, bytes);
            return;
        }

        byte[] read = new byte[bytes.Length];
        using FileStream stream = new(Path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, bufferSize: 0);
        stream.Position = sector * 512;
        stream.ReadExactly(read);
        Data.AssertSame(bytes, read, $"{Path} at sector {sector}");
    }

    public void Dispose()
    {
        _medium?.Dispose();
        _mapped?.Dispose();
        _zram?.Dispose();
    }

    /// <summary>The guest's drive with blocks of so many bytes.</summary>
    private static string Nvme(string block)
    {
        string? name = Directory.GetDirectories("/sys/block", "nvme*n1")
            .FirstOrDefault(queue => string.Equals(File.ReadAllText(queue + "/queue/logical_block_size").Trim(), block, StringComparison.Ordinal));
        if (name is null)
            Assert.Skip($"this guest has no NVMe drive with blocks of {block} bytes");
        return "/dev/" + System.IO.Path.GetFileName(name);
    }
}
