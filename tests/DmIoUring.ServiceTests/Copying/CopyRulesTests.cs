using DmIoUring.Services;
using DmIoUring.Testing;

namespace DmIoUring.ServiceTests.Copying;

/// <summary>What is refused, before anything is submitted, with its values.</summary>
public sealed class CopyRulesTests
{
    public static TheoryData<string, string[]> Refused => new()
    {
        { "no destination", ["0 destinations", "1 to 64"] },
        { "65 destinations", ["65 destinations", "1 to 64"] },
        { "unequal counts", ["Destination 1", "8 sectors", "16"] },
        { "overlaps the source", ["Destination 0", "8+16", "0+16"] },
        { "destinations overlap", ["Destinations 0 and 1", "0+16", "15+16"] },
        { "beyond the end", ["destination 0", "120+16", "128"] },
        { "source beyond the end", ["the source", "127+2", "128"] },
        { "negative sector", ["destination 0", "-8"] },
        { "negative count", ["the source", "-1"] },
        { "off the logical block", ["destination 0", "1+16", "8 sectors"] },
        { "read-only", ["Destination 0", "read-only"] },
        { "buffer offset", ["destination 0", "512"] },
        { "no device", ["the source"] },
        { "start beyond", ["StartAt", "17", "0 to 16"] },
        { "start negative", ["StartAt", "-1"] },
        { "start off the block", ["StartAt", "4", "8 sectors"] },
        { "no such policy", ["OnReadError", "7"] },
        { "no such write policy", ["OnWriteError", "-1"] },
        { "no such sparse", ["Sparse", "3"] },
    };

    [Theory]
    [MemberData(nameof(Refused))]
    public async Task Misuse_IsRefused(string misuse, string[] says)
    {
        using CopyBench bench = new(2);
        SimulatedDisk large = bench.Simulation.AddDisk(CopyBench.Sectors * 512, new SimulatedDiskOptions { LogicalBlockSize = 4096 });
        using BlockDevice blocks = large.Open();
        using BlockDevice readOnly = bench.DestinationDisks[0].Open(DeviceAccess.Read);
        using BlockDevice again = bench.SourceDisk.Open();
        IoRegion source = new(bench.Source, 0, 16);
        IoRegion first = new(bench.Destinations[0], 0, 16);
        IoRegion second = new(bench.Destinations[1], 0, 16);
        CopyOptions options = new();
        IoRegion[] destinations = [first];
        switch (misuse)
        {
            case "no destination": destinations = []; break;
            case "65 destinations": destinations = [.. Enumerable.Repeat(first, 65)]; break;
            case "unequal counts": destinations = [first, second with { Count = 8 }]; break;
            case "overlaps the source": destinations = [new IoRegion(again, 8, 16)]; break;
            case "destinations overlap": destinations = [first, first with { Sector = 15 }]; break;
            case "beyond the end": destinations = [first with { Sector = 120 }]; break;
            case "source beyond the end": source = source with { Sector = 127, Count = 2 }; break;
            case "negative sector": destinations = [first with { Sector = -8 }]; break;
            case "negative count": source = source with { Count = -1 }; break;
            case "off the logical block": destinations = [new IoRegion(blocks, 1, 16)]; break;
            case "read-only": destinations = [new IoRegion(readOnly, 0, 16)]; break;
            case "buffer offset": destinations = [first with { BufferOffset = 512 }]; break;
            case "no device": source = default; break;
            case "start beyond": options = options with { StartAt = 17 }; break;
            case "start negative": options = options with { StartAt = -1 }; break;
            case "start off the block": (options, destinations) = (options with { StartAt = 4 }, [new IoRegion(blocks, 0, 16)]); break;
            case "no such policy": options = options with { OnReadError = (CopyReadErrorPolicy)7 }; break;
            case "no such write policy": options = options with { OnWriteError = (CopyWriteErrorPolicy)(-1) }; break;
            case "no such sparse": options = options with { Sparse = (CopySparse)3 }; break;
            default: Assert.Fail(misuse); break;
        }

        ArgumentException exception = await Assert.ThrowsAnyAsync<ArgumentException>(async () => await bench.Service.CopyAsync(source, destinations, options));
        Assert.All(says, text => Assert.Contains(text, exception.Message, StringComparison.Ordinal));
        Assert.ThrowsAny<ArgumentException>(() => bench.Service.Submit(source, destinations, static (_, _) => { }, options: options));
        Assert.Empty(bench.SourceDisk.Log);
        Assert.Empty(bench.DestinationDisks[0].Log);
    }

    [Fact]
    public async Task Adjacent_OnOneDevice_IsNoOverlap()
    {
        using CopyBench bench = new();
        using BlockDevice device = bench.SourceDisk.Open();
        CopyBench.AssertComplete(await bench.RunAsync(CopyWay.Awaited, null, new IoRegion(device, 0, 16), [new IoRegion(device, 16, 16), new IoRegion(device, 32, 16)]), 16);
        Assert.Null(CopyBench.FirstDifference(CopyBench.Part(bench.Data, 0, 16), bench.SourceDisk.Read(32, 16)));
    }

    [Theory]
    [InlineData(CopyWay.Awaited)]
    [InlineData(CopyWay.Callback)]
    public async Task NoSectors_AreDoneAtOnce(CopyWay way)
    {
        using CopyBench bench = new();
        CopyBench.AssertComplete(await bench.RunAsync(way, new CopyOptions { Flush = true }, new IoRegion(bench.Source, 5, 0), [new IoRegion(bench.Destinations[0], 7, 0)]), 0);
        CopyBench.AssertComplete(await bench.CopyAsync(way, new CopyOptions { StartAt = CopyBench.Sectors }), 0, CopyBench.Sectors);
        Assert.Empty(bench.DestinationDisks[0].Log);
    }

    [Fact]
    public void Service_OptionsOutOfRange_AreRefused()
    {
        using StorageSimulation simulation = new(1);
        using DmIoClient client = simulation.CreateClient();
        Assert.Contains("4095", Assert.Throws<ArgumentOutOfRangeException>(() => new CopyService(client, new CopyServiceOptions { PieceBytes = 4095 })).Message, StringComparison.Ordinal);
        Assert.Contains("6145", Assert.Throws<ArgumentOutOfRangeException>(() => new CopyService(client, new CopyServiceOptions { PieceBytes = 6145 })).Message, StringComparison.Ordinal);
        Assert.Contains("1025", Assert.Throws<ArgumentOutOfRangeException>(() => new CopyService(client, new CopyServiceOptions { PiecesInFlight = 1025 })).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => new CopyService(client, new CopyServiceOptions { TimeProvider = null! }));
        Assert.Throws<ArgumentNullException>(() => new CopyService(null!));
        using CopyService service = new(client);
        Assert.Throws<ArgumentNullException>(() => service.Submit(default, default, null!));
    }

    [Fact]
    public async Task BlockLargerThanPieces_IsRefused()
    {
        using CopyBench bench = new(destination: new SimulatedDiskOptions { LogicalBlockSize = 8192 });
        ArgumentException exception = await Assert.ThrowsAsync<ArgumentException>(() => bench.CopyAsync());
        Assert.Contains("8192", exception.Message, StringComparison.Ordinal);
        Assert.Contains("4096", exception.Message, StringComparison.Ordinal);
    }
}
