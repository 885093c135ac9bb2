using DmIoUring.Devices;
using DmIoUring.Engine;
using DmIoUring.Interop;
using DmIoUring.Memory;
using DmIoUring.Submission;
using DmIoUring.TestSupport;

namespace DmIoUring.UnitTests.Engine;

/// <summary>
/// What a kernel asks of the pieces of one transfer: whole blocks each before 6.18, only their sum since. The ring here answers as those
/// kernels do; the device says what a probe of it would have found.
/// </summary>
public sealed unsafe class SegmentRuleTests
{
    private const int Block = 4096;

    /// <summary>The memory alignment, and the pieces of a buffer of two blocks: how far each is off a page, and its length.</summary>
    public static TheoryData<int, int[], int[]> Pieces => new()
    {
        { 4, [0, 0], [16, 8176] },
        { 4, [4, 8], [4, 8188] },
        { 512, [0, 512], [512, 7680] },
        { 512, [0, 512], [4096, 4096] },
        { 512, [512, 0, 0], [512, 3072, 4608] },
        { 4, [0, 0, 0], [4096, 100, 3996] },
    };

    [Theory]
    [MemberData(nameof(Pieces))]
    public void OddPieces_ArriveWhole_ForWhateverRule(int memory, int[] offs, int[] lengths)
    {
        foreach (SegmentRule rule in Enum.GetValues<SegmentRule>())
        {
            using RingScript script = new();
            using EngineBench bench = new(script, geometry: Geometry(memory, rule));
            if (rule == SegmentRule.Whole)
                script.Answer = entry => script.WholeSegments(entry, Block);
            byte* start = (byte*)bench.Memory.Pointer;
            IoVector[] vectors = [.. offs.Select((off, i) => new IoVector(start + (i * 4 * Block) + off, (nuint)lengths[i]))];

            AssertCarried(bench, script, IoBuffer.Vectors(vectors), new IoRegion(bench.Devices[0], 8, 16));

            // Where a block may not begin inside a page, or was not seen to, the addresses must be whole blocks as well.
            bool areWhole = Array.TrueForAll(lengths, static length => length % Block == 0);
            bool travelAsTheyAre = rule == SegmentRule.Fine || (areWhole && (rule == SegmentRule.Whole || Array.TrueForAll(offs, static off => off % Block == 0)));
            Assert.Equal(travelAsTheyAre, script.Taken[0].opcode == IoUring.IORING_OP_WRITEV);
        }
    }

    [Fact]
    public void ADriverThatCopiesWholePages_GetsMemoryAtWholeBlocks()
    {
        foreach (int off in (int[])[0, 512, 2048, 4092])
        {
            using RingScript script = new();
            using EngineBench bench = new(script, geometry: Geometry(4, SegmentRule.WholePages));

            AssertCarried(bench, script, IoBuffer.Contiguous((byte*)bench.Memory.Pointer + off, 2 * Block), new IoRegion(bench.Devices[0], 8, 16));

            Assert.All(script.Taken, static entry => Assert.Equal(0ul, entry.addr % Block));
        }
    }

    [Theory]
    [InlineData(nameof(SegmentRule.Fine), 512, 4096, true)]
    [InlineData(nameof(SegmentRule.Whole), 512, 4096, false)]
    [InlineData(nameof(SegmentRule.WholePages), 512, 4096, false)]
    [InlineData(nameof(SegmentRule.WholePages), 0, 4096, true)]
    [InlineData(nameof(SegmentRule.Unknown), 512, 4096, false)]
    [InlineData(nameof(SegmentRule.Whole), 0, 4096, true)]
    [InlineData(nameof(SegmentRule.Whole), 1024, 512, true)]
    [InlineData(nameof(SegmentRule.Whole), 516, 512, false)]
    [InlineData(nameof(SegmentRule.Whole), 0, 8192, false)]
    [InlineData(nameof(SegmentRule.Fine), 0, 8192, true)]
    public void RegisteredPages_FromAnOffsetOn_AreNotCutInsideBlocks(string name, int offset, int block, bool registered)
    {
        SegmentRule rule = Enum.Parse<SegmentRule>(name);
        foreach (bool straight in (bool[])[true, false])
        {
            using PagePool pool = new();
            using PageReservation reservation = pool.Reserve(16);
            using PageList pages = pool.Rent(8);
            using RingScript script = new();
            using EngineBench bench = new(script, pool: pool, holdsDevices: true, geometry: Geometry(4, rule, block), startsStraight: true);
            Assert.True(bench.Write(new IoRegion(bench.Devices[0], 0, block / 512)).IsSuccess);
            script.Taken.Clear();
            script.Answer = entry => rule == SegmentRule.Whole ? script.WholeSegments(entry, block) : script.Whole(entry);
            byte* start = (byte*)pages.GetPointer(0) + offset;
            new Span<byte>(start, 16384).Fill(0x3C);
            IoRegion region = new(bench.Devices[0], 64, 32);

            if (straight && (rule is SegmentRule.Unknown or SegmentRule.WholePages) && offset % block != 0)
            {
                Assert.False(Admission.IsFast(IoOperation.Write, new ReadOnlySpan<IoRegion>(in region), start, 16384, bench.Engine.Devices!, chunkBytes: 1 << 20));
                continue;
            }

            if (straight)
            {
                Start(bench, region, start, 16384);
                Assert.Equal(-1, script.Disk(bench.Devices[0]).AsSpan(64 * 512, 16384).IndexOfAnyExcept((byte)0x3C));
            }
            else
            {
                AssertCarried(bench, script, IoBuffer.Pages(pages, offset), region);
            }

            Assert.Equal(registered, RingScript.IsRegistered(script.Taken[0]));
        }
    }

    [Fact]
    public void ScatteredRegisteredPages_FromAnOffsetOn_ArriveWhole()
    {
        foreach (int offset in (int[])[0, 4, 512, 2048])
        {
            using PagePool pool = new();
            using PageReservation reservation = pool.Reserve(16);
            using RingScript script = new();
            using EngineBench bench = new(script, pool: pool, geometry: Geometry(4, SegmentRule.Whole));
            script.Answer = entry => script.WholeSegments(entry, Block);
            PageList[] singles = [.. Enumerable.Range(0, 16).Select(_ => pool.Rent(1))];
            for (int i = 0; i < 16; i += 2)
                singles[i].Dispose();
            using PageList pages = pool.Rent(8);

            AssertCarried(bench, script, IoBuffer.Pages(pages, offset), new IoRegion(bench.Devices[0], 0, 48));

            Assert.Equal(offset == 0, RingScript.IsRegistered(script.Taken[0]));
            for (int i = 1; i < 16; i += 2)
                singles[i].Dispose();
        }
    }

    [Fact]
    public void ARegionsOwnOffset_IntoScatteredMemory_CountsForItsFirstPiece()
    {
        using RingScript script = new();
        using EngineBench bench = new(script, geometry: Geometry(512, SegmentRule.Whole));
        script.Answer = entry => script.WholeSegments(entry, Block);
        byte* start = (byte*)bench.Memory.Pointer;
        IoVector[] vectors = [new(start, 2 * Block), new(start + (8 * Block), 2 * Block)];

        Request request = bench.StartWith(
            IoOperation.Write,
            IoBuffer.Vectors(vectors),
            default,
            new IoRegion(bench.Devices[0], 0, 16, Block),
            new IoRegion(bench.Devices[1], 0, 16, 512));
        bench.RunToEnd(request);

        Assert.Equal(default, request.Result);
        Assert.Equal([IoUring.IORING_OP_WRITEV, IoUring.IORING_OP_WRITE], script.Taken.Select(static entry => entry.opcode));
        Assert.True(script.Disk(bench.Devices[1]).AsSpan(0, (2 * Block) - 512).SequenceEqual(new ReadOnlySpan<byte>(start + 512, (2 * Block) - 512)));
    }

    private static Func<DeviceGeometry, DeviceGeometry> Geometry(int memory, SegmentRule rule, int block = Block) => geometry => (geometry with
    {
        LogicalBlockSize = block,
        OffsetAlignment = block,
        ReportedMemoryAlignment = memory,
        IsDirect = true,
    }).WithSegments(rule);

    /// <summary>Reads into the buffer what is on one device, writes it to another one, and finds the same there.</summary>
    private static void AssertCarried(EngineBench bench, RingScript script, IoBuffer buffer, IoRegion region)
    {
        int at = (int)region.Sector * IoRegion.SectorSize;
        int bytes = (int)region.Count * IoRegion.SectorSize;
        new Random(bytes).NextBytes(script.Disk(region.Device).AsSpan(at, bytes));
        Request read = bench.StartWith(IoOperation.Read, buffer, default, region);
        bench.RunToEnd(read);
        script.Taken.Clear();
        Request write = bench.StartWith(IoOperation.Write, buffer, default, region with { Device = bench.Devices[1] });
        bench.RunToEnd(write);
        Assert.Equal((default, default), (read.Result, write.Result));
        Assert.True(script.Disk(bench.Devices[1]).AsSpan(at, bytes).SequenceEqual(script.Disk(region.Device).AsSpan(at, bytes)));
    }

    private static void Start(EngineBench bench, IoRegion region, byte* start, long length)
    {
        IoResult? result = null;
        ReadOnlySpan<IoRegion> regions = new(in region);
        Assert.True(Admission.IsFast(IoOperation.Write, regions, start, length, bench.Engine.Devices!, chunkBytes: 1 << 20));
        Request request = bench.Engine.FreeRequests!.Take();
        request.PrepareFast(IoOperation.Write, regions.Length, start);
        request.SetFastNotify((ended, _) => result = ended, context: null);
        Assert.True(bench.Engine.TryAcceptFast(request, IoOperation.Write, regions, start));
        for (int turns = 0; result is null; turns++)
        {
            Assert.True(turns < 1000, "The request does not end.");
            bench.Turn();
        }

        Assert.Equal(default(IoResult), result);
    }
}
