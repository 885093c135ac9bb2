using DmIoUring.Engine;
using DmIoUring.Interop;
using DmIoUring.Memory;
using DmIoUring.TestSupport;

namespace DmIoUring.UnitTests.Engine;

public sealed class RegisteredPagesTests
{
    [Fact]
    public void AdjacentPages_TravelAsARegisteredBuffer()
    {
        using PagePool pool = new();
        using PageReservation reservation = pool.Reserve(64);
        using RingScript script = new();
        using EngineBench bench = new(script, pool: pool);
        PageList pages = pool.Rent(4);

        IoUringSqe entry = Assert.Single(WriteAll(bench, script, pages));

        Assert.Equal(IoUring.IORING_OP_WRITE_FIXED, entry.opcode);
        AssertRegistered(script, entry, pages);
        pages.Dispose();
    }

    [Fact]
    public void ScatteredPages_TravelAsPiecesOfARegisteredBuffer_InTheirOrder()
    {
        using PagePool pool = new();
        using PageReservation reservation = pool.Reserve(16);
        using RingScript script = new();
        using EngineBench bench = new(script, pool: pool);
        PageList[] singles = [.. Enumerable.Range(0, 16).Select(_ => pool.Rent(1))];
        for (int i = 0; i < 16; i += 2)
            singles[i].Dispose();
        PageList pages = pool.Rent(8);
        for (int page = 0; page < 8; page++)
            pages[page].Fill((byte)(page + 1));

        IoUringSqe entry = Assert.Single(WriteAll(bench, script, pages));

        Assert.Equal(IoUring.IORING_OP_WRITEV_FIXED, entry.opcode);
        ReadOnlySpan<byte> disk = script.Disk(bench.Devices[0]);
        for (int page = 0; page < 8; page++)
            Assert.Equal(-1, disk.Slice(page * 4096, 4096).IndexOfAnyExcept((byte)(page + 1)));
        pages.Dispose();
    }

    [Fact]
    public void PageList_FromAnOffsetOn_BeginsThere()
    {
        using PagePool pool = new();
        using PageReservation reservation = pool.Reserve(8);
        using RingScript script = new();
        using EngineBench bench = new(script, pool: pool);
        PageList pages = pool.Rent(2);
        pages[0].Fill(1);
        pages[0][^512..].Fill(2);
        pages[1].Fill(3);
        IoBuffer buffer = IoBuffer.Pages(pages, 4096 - 512);
        Assert.Equal(4096 + 512, buffer.Length);

        Request request = bench.StartWith(IoOperation.Write, buffer, default, new IoRegion(bench.Devices[0], 0, 8));
        bench.RunToEnd(request);

        ReadOnlySpan<byte> disk = script.Disk(bench.Devices[0]);
        Assert.Equal(-1, disk[..512].IndexOfAnyExcept((byte)2));
        Assert.Equal(-1, disk[512..4096].IndexOfAnyExcept((byte)3));
        pages.Dispose();
    }

    [Fact]
    public void PagesInFlight_CantBeReturned()
    {
        using PagePool pool = new();
        using PageReservation reservation = pool.Reserve(8);
        using RingScript script = new();
        using EngineBench bench = new(script, pool: pool);
        PageList pages = pool.Rent(1);
        Request request = bench.StartWith(IoOperation.Write, pages, default, new IoRegion(bench.Devices[0], 0, 8));

        Assert.Throws<InvalidOperationException>(pages.Dispose);

        bench.RunToEnd(request);
        pages.Dispose();
    }

    [Fact]
    public void NewExtent_IsRegisteredBeforeItIsUsed_AndTheOldOneIsTakenOut()
    {
        using PagePool pool = new();
        using RingScript script = new();
        using EngineBench bench = new(script, pool: pool);
        for (int round = 0; round < 3; round++)
        {
            using PageReservation reservation = pool.Reserve(16);
            PageList pages = pool.Rent(2);
            IoUringSqe entry = WriteAll(bench, script, pages)[^1];
            Assert.Equal(IoUring.IORING_OP_WRITE_FIXED, entry.opcode);
            AssertRegistered(script, entry, pages);
            pages.Dispose();
        }

        bench.Turn();
        Request nothing = bench.Start(IoOperation.Write, new IoRegion(bench.Devices[0], 0, 8));
        bench.RunToEnd(nothing);
        Assert.All(script.Registered.Values, static slot => Assert.Equal(0, slot.Start));
    }

    /// <summary>An extent was mapped where one was that is gone, and has another slot: where that address was found last is forgotten.</summary>
    [Fact]
    public unsafe void ExtentAtAnAddressThatWasInAnotherSlot_TravelsByItsOwn()
    {
        using PlacedExtents source = new(0, 1, 0);
        using PagePool pool = new(source);
        using RingScript script = new();
        using EngineBench bench = new(script, pool: pool);
        byte* address;
        using (pool.Reserve(ExtentSizing.MinPages))
        {
            PageList pages = pool.Rent(1);
            address = (byte*)pages.GetPointer(0);
            AssertRegistered(script, WriteAll(bench, script, pages)[^1], pages);
            pages.Dispose();
        }

        using PageReservation elsewhere = pool.Reserve(ExtentSizing.MinPages);
        using PageReservation again = pool.Reserve(ExtentSizing.MinPages);
        Assert.Equal(3, source.Mappings);
        PageList[] singles = [.. Enumerable.Range(0, 2 * ExtentSizing.MinPages).Select(_ => pool.Rent(1))];
        PageList same = singles.Single(list => (byte*)list.GetPointer(0) == address);
        AssertRegistered(script, WriteAll(bench, script, same)[^1], same);
        Array.ForEach(singles, static list => list.Dispose());
    }

    [Fact]
    public void RefusedRegistration_IsKeptForWhoAsks_AndThePagesTravelAsTheyAre()
    {
        using PagePool pool = new();
        using PageReservation reservation = pool.Reserve(8);
        using RingScript script = new() { RegisterAnswer = -Errno.ENOMEM };
        using EngineBench bench = new(script, pool: pool);
        PageList pages = pool.Rent(2);

        IoUringSqe entry = Assert.Single(WriteAll(bench, script, pages));

        Assert.Equal(IoUring.IORING_OP_WRITE, entry.opcode);
        Assert.Equal(Errno.ENOMEM, bench.Engine.RegisterErrno);
        pages.Dispose();
    }

    [Fact]
    public void PagesOfAnotherPool_TravelAsTheyAre()
    {
        using PagePool pool = new();
        using PagePool other = new();
        using PageReservation reservation = pool.Reserve(8);
        using PageReservation another = other.Reserve(8);
        using RingScript script = new();
        using EngineBench bench = new(script, pool: pool);
        PageList pages = other.Rent(2);

        IoUringSqe entry = Assert.Single(WriteAll(bench, script, pages));

        Assert.Equal(IoUring.IORING_OP_WRITE, entry.opcode);
        pages.Dispose();
    }

    private static List<IoUringSqe> WriteAll(EngineBench bench, RingScript script, PageList pages)
    {
        Request request = bench.StartWith(
            IoOperation.Write, pages, default, new IoRegion(bench.Devices[0], 0, pages.Length / IoRegion.SectorSize));
        bench.RunToEnd(request);
        Assert.True(request.Result.IsSuccess);
        return script.Taken;
    }

    private static unsafe void AssertRegistered(RingScript script, in IoUringSqe entry, PageList pages)
    {
        Assert.Equal((ulong)pages.GetPointer(0), entry.addr);
        (nint start, long length) = script.Registered[entry.buf_index];
        Assert.InRange((long)entry.addr, start, start + length - entry.len);
    }

    /// <summary>Maps at the places that it is told, one after the other.</summary>
    private sealed unsafe class PlacedExtents(params int[] places) : IExtentSource, IDisposable
    {
        private const int PlaceBytes = 1 << 20;
        private readonly IoMemory _memory = IoMemory.Allocate((places.Max() + 1) * PlaceBytes);

        public int Mappings { get; private set; }

        public void EnsureAvailable(long bytes) => Assert.InRange(bytes, 1, PlaceBytes);

        public MappedExtent Map(long bytes, CancellationToken cancellationToken) =>
            new((byte*)_memory.Pointer + (places[Mappings++] * PlaceBytes), bytes);

        public void Unmap(MappedExtent extent)
        {
        }

        public IReadOnlyList<IoFeature> Describe(IReadOnlyList<MappedExtent> extents) => [];

        public void Dispose() => _memory.Dispose();
    }
}
