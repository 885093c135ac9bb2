using DmIoUring.ScratchDevices;
using DmIoUring.Services;
using DmIoUring.TestSupport;

namespace DmIoUring.ServiceTests.Copying;

/// <summary>Copies of files on the host's own file system, by io_uring and by worker threads.</summary>
public sealed class CopyFileTests
{
    private const int Size = 4 << 20;
    private const int PieceBytes = 64 << 10;

    public static TheoryData<IoRingKind, bool> Ways => new()
    {
        { IoRingKind.Automatic, false },
        { IoRingKind.Automatic, true },
        { IoRingKind.Workers, false },
        { IoRingKind.Workers, true },
    };

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task Copy_OfAFile_IsTheSame(IoRingKind ring, bool isSequential)
    {
        using ScratchFile from = ScratchFile.Create(Size);
        byte[] data = new byte[Size];
        new Random(1).NextBytes(data);
        await File.WriteAllBytesAsync(from.Path, data, TestContext.Current.CancellationToken);
        using ScratchFile to = ScratchFile.Create(Size);
        using ScratchFile also = ScratchFile.Create(Size);
        CopyBench.AssertComplete(await CopyAsync(ring, from.Path, [to.Path, also.Path], new CopyOptions { SequentialWrites = isSequential, Flush = true }), Size / 512);
        Assert.Equal(data, await File.ReadAllBytesAsync(to.Path, TestContext.Current.CancellationToken));
        Assert.Equal(data, await File.ReadAllBytesAsync(also.Path, TestContext.Current.CancellationToken));
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task Holes_AreNotRead_AndAreHolesOnTheOtherSide(IoRingKind ring, bool detects)
    {
        using ScratchFile from = ScratchFile.Create(Size);
        byte[] data = new byte[Size];
        using (FileStream stream = File.OpenWrite(from.Path))
        {
            foreach ((int at, int length) in new[] { (0, 4096), (100 << 10, 8192), (1 << 20, 300_000 / 4096 * 4096), (Size - 4096, 4096) })
            {
                new Random(at).NextBytes(data.AsSpan(at, length));
                stream.Position = at;
                stream.Write(data, at, length);
            }

            stream.Flush(flushToDisk: true);
        }

        using ScratchFile to = ScratchFile.Create(Size);
        await File.WriteAllBytesAsync(to.Path, Enumerable.Repeat((byte)0xEE, Size).ToArray(), TestContext.Current.CancellationToken);
        using BlockDevice source = BlockDevice.Open(from.Path, new BlockDeviceOptions { Direct = false });
        CopySparse sparse = detects ? CopySparse.DetectZeroes : CopySparse.Holes;
        CopyBench.AssertComplete(await CopyAsync(ring, source, [to.Path], new CopyOptions { Sparse = sparse, Flush = true }), Size / 512);
        Assert.Equal(data, await File.ReadAllBytesAsync(to.Path, TestContext.Current.CancellationToken));
        using BlockDevice copy = BlockDevice.Open(to.Path, new BlockDeviceOptions { Direct = false });
        Assert.Contains(Extents(copy), static extent => extent.IsHole && extent.Count > (1 << 20) / 512);
        if (Extents(source).Any(static extent => extent.IsHole))
            Assert.True(source.Statistics.ReadBytes < Size / 2, $"{source.Statistics.ReadBytes} bytes were read of a file with holes");
    }

    [Theory]
    [InlineData(IoRingKind.Automatic)]
    [InlineData(IoRingKind.Workers)]
    public async Task Holes_OnALoopDevice_AreZeroes(IoRingKind ring)
    {
        RequireLoop.Here();
        using ScratchFile from = ScratchFile.Create(Size);
        using LoopDevice loop = LoopDevice.Create(Size);
        await using (FileStream stream = File.OpenWrite(from.Path))
        {
            stream.Position = 1 << 20;
            stream.Write(Enumerable.Repeat((byte)1, 1 << 16).ToArray());
        }

        using (BlockDevice device = BlockDevice.Open(loop.Path))
        using (DmIoClient client = new())
            Assert.True(client.Write(IoRegion.Whole(device), Enumerable.Repeat((byte)0xEE, Size).ToArray()).IsSuccess);
        CopyBench.AssertComplete(await CopyAsync(ring, from.Path, [loop.Path], new CopyOptions { Sparse = CopySparse.Holes }), Size / 512);
        Assert.Equal(await File.ReadAllBytesAsync(from.Path, TestContext.Current.CancellationToken), await File.ReadAllBytesAsync(loop.Path, TestContext.Current.CancellationToken));
    }

    [Fact]
    public void FindExtent_TellsHolesAndData()
    {
        using ScratchFile file = ScratchFile.Create(1 << 20);
        using (FileStream stream = File.OpenWrite(file.Path))
        {
            stream.Position = 256 << 10;
            stream.Write(new byte[64 << 10]);
            stream.Flush(flushToDisk: true);
        }

        using BlockDevice device = BlockDevice.Open(file.Path, new BlockDeviceOptions { Direct = false });
        Assert.Equal(new FileExtent(0, 512, IsHole: true), device.FindExtent(0));
        Assert.Equal(new FileExtent(100, 412, IsHole: true), device.FindExtent(100));
        Assert.Equal(new FileExtent(512, 128, IsHole: false), device.FindExtent(512));
        Assert.Equal(new FileExtent(600, 40, IsHole: false), device.FindExtent(600));
        Assert.Equal(new FileExtent(640, 1408, IsHole: true), device.FindExtent(640));
        Assert.Equal("hole 640+1408", device.FindExtent(640).ToString());
        Assert.Throws<ArgumentOutOfRangeException>(() => device.FindExtent(2048));
        Assert.Throws<ArgumentOutOfRangeException>(() => device.FindExtent(-1));
        device.Dispose();
        Assert.Throws<ObjectDisposedException>(() => device.FindExtent(0));
    }

    [Fact]
    public async Task Holes_OfASourceThatWasShortened_AreAFailedRead()
    {
        using ScratchFile from = ScratchFile.Create(Size);
        await File.WriteAllBytesAsync(from.Path, Enumerable.Repeat((byte)1, Size).ToArray(), TestContext.Current.CancellationToken);
        using ScratchFile to = ScratchFile.Create(Size);
        using BlockDevice source = BlockDevice.Open(from.Path, new BlockDeviceOptions { Access = DeviceAccess.Read, Direct = false });
        await using (FileStream stream = File.OpenWrite(from.Path))
            stream.SetLength(Size / 2);
        Assert.Equal(new FileExtent(Size / 512 / 4 * 3, Size / 512 / 4, IsHole: false), source.FindExtent(Size / 512 / 4 * 3));
        CopyResult result = await CopyAsync(IoRingKind.Automatic, source, [to.Path], new CopyOptions { Sparse = CopySparse.Holes });
        Assert.Equal((CopyOutcome.Failed, Size / 2 / 512), (result.Outcome, result.NextSector));
        Assert.Equal((IoFailureCause.EndedEarly, Size / 2 / 512), (result.SourceFailure.Cause, result.SourceFailure.Sector));
    }

    [Fact]
    public void FindExtent_OfASimulatedDisk_IsAllData()
    {
        using CopyBench bench = new();
        Assert.Equal(new FileExtent(3, CopyBench.Sectors - 3, IsHole: false), bench.Source.FindExtent(3));
    }

    private static IEnumerable<FileExtent> Extents(BlockDevice device)
    {
        for (long at = 0; at < device.SectorCount;)
        {
            FileExtent extent = device.FindExtent(at);
            yield return extent;
            at = extent.Sector + extent.Count;
        }
    }

    private static async Task<CopyResult> CopyAsync(IoRingKind ring, string from, string[] to, CopyOptions options)
    {
        using BlockDevice source = BlockDevice.Open(from, DeviceAccess.Read);
        return await CopyAsync(ring, source, to, options);
    }

    private static async Task<CopyResult> CopyAsync(IoRingKind ring, BlockDevice source, string[] to, CopyOptions options)
    {
        await using DmIoClient client = new(new DmIoOptions { Ring = ring });
        BlockDevice[] destinations = [.. to.Select(static path => BlockDevice.Open(path))];
        await using CopyService service = new(client, new CopyServiceOptions { PieceBytes = PieceBytes, PiecesInFlight = 4 });
        CopyResult result = await service.CopyAsync(IoRegion.Whole(source), destinations.Select(IoRegion.Whole).ToArray(), options);
        foreach (BlockDevice device in destinations)
            device.Dispose();
        return result;
    }
}
