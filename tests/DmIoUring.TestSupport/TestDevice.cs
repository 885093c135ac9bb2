using DmIoUring.ScratchDevices;
using DmIoUring.Testing.Contract;
using Microsoft.Win32.SafeHandles;

namespace DmIoUring.TestSupport;

/// <summary>A device full of <see cref="Untouched"/>, and its medium, which a test can look at past the library.</summary>
internal sealed class TestDevice : IDisposable
{
    /// <summary>What every byte is before a test writes.</summary>
    public const byte Untouched = 0xEE;

    /// <summary>Bytes that are compared at once.</summary>
    private const int Piece = 16 << 10;

    /// <summary>A small piece: an array for the whole of each device would make the collector's work most of a test.</summary>
    private static readonly byte[] Fill = NewFill();

    private readonly LoopDevice? _loop;
    private readonly ScratchFile? _file;
    private readonly SafeFileHandle _medium;

    /// <summary>Makes the device.</summary>
    /// <param name="kind">What it is.</param>
    /// <param name="size">Bytes.</param>
    /// <param name="folder">Where a loop device's backing file goes; null for the folder of temporary files.</param>
    public TestDevice(DeviceKind kind = DeviceKind.Loop512, long size = 1 << 20, string? folder = null)
    {
        if (kind == DeviceKind.File)
        {
            _file = ScratchFile.Create(size);
            _medium = System.IO.File.OpenHandle(_file.Path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
        }
        else
        {
            _loop = RequireLoop.Create(size, new LoopDeviceOptions { BlockSize = kind is DeviceKind.Loop512 or DeviceKind.LoopInline ? 512 : 4096, Folder = folder });
            _medium = _loop.BackingHandle;
        }

        for (long at = 0; at < size; at += Fill.Length)
            RandomAccess.Write(_medium, Fill.AsSpan(0, (int)Math.Min(Fill.Length, size - at)), at);
        Device = kind switch
        {
            DeviceKind.Loop4096WholeSegments => OddDevice.OpenForWholeSegments(Path),
            DeviceKind.LoopInline => OddDevice.OpenInline(Path),
            _ => BlockDevice.Open(Path),
        };

        // A file's block is its file system's.
        int block = kind == DeviceKind.File ? Device.LogicalBlockSize : kind is DeviceKind.Loop512 or DeviceKind.LoopInline ? 512 : 4096;
        Facts = new DeviceFacts { Sectors = size / IoRegion.SectorSize, LogicalBlock = block };
    }

    /// <summary>What it was made to be.</summary>
    public DeviceFacts Facts { get; }

    public BlockDevice Device { get; }

    public string Path => _loop?.Path ?? _file!.Path;

    /// <summary>The loop device; not for a file.</summary>
    public LoopDevice Loop => _loop!;

    /// <summary>Bytes that the backing file has now.</summary>
    public long MediumLength => RandomAccess.GetLength(_medium);

    public IoRegion Region(long sector, long count) => new(Device, sector, count);

    /// <summary>What lies on the medium.</summary>
    public byte[] Medium(long sector, long count)
    {
        byte[] bytes = new byte[count * IoRegion.SectorSize];
        Assert.Equal(bytes.Length, RandomAccess.Read(_medium, bytes, sector * IoRegion.SectorSize));
        return bytes;
    }

    /// <summary>Puts bytes on the medium past the library.</summary>
    public void SetMedium(long sector, ReadOnlySpan<byte> bytes) => RandomAccess.Write(_medium, bytes, sector * IoRegion.SectorSize);

    public void AssertHolds(long sector, ReadOnlySpan<byte> bytes)
    {
        Span<byte> piece = stackalloc byte[Piece];
        for (int at = 0; at < bytes.Length; at += Piece)
        {
            ReadOnlySpan<byte> expected = bytes.Slice(at, Math.Min(Piece, bytes.Length - at));
            int same = expected.CommonPrefixLength(Read(piece[..expected.Length], (sector * IoRegion.SectorSize) + at));
            Assert.True(same == expected.Length, $"{Path} differs from byte {at + same} of the {bytes.Length} at sector {sector} on.");
        }
    }

    public void AssertUntouched() => AssertUntouched(0, MediumLength / IoRegion.SectorSize);

    public void AssertUntouched(long sector, long count)
    {
        Span<byte> piece = stackalloc byte[Piece];
        long end = (sector + count) * IoRegion.SectorSize;
        for (long at = sector * IoRegion.SectorSize; at < end; at += Piece)
        {
            Span<byte> read = Read(piece[..(int)Math.Min(Piece, end - at)], at);
            Assert.False(read.ContainsAnyExcept(Untouched), $"{Path} was written in sectors {sector}+{count}.");
        }
    }

    public void Dispose()
    {
        OddDevice.Forget(Device);
        Device.Dispose();
        _loop?.Dispose();
        if (_file is not null)
        {
            _medium.Dispose();
            _file.Dispose();
        }
    }

    private static byte[] NewFill()
    {
        byte[] fill = new byte[64 << 10];
        Array.Fill(fill, Untouched);
        return fill;
    }

    private Span<byte> Read(Span<byte> into, long offset)
    {
        Assert.Equal(into.Length, RandomAccess.Read(_medium, into, offset));
        return into;
    }
}
