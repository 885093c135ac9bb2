using System.Buffers;
using System.Runtime.CompilerServices;
using DmIoUring.Engine;
using DmIoUring.Memory;
using DmIoUring.TestSupport;

namespace DmIoUring.UnitTests.Engine;

/// <summary>Memory in a request's keeping: the right bytes while it has them, everything given back afterwards.</summary>
public sealed unsafe class RequestMemoryTests
{
    private const int Length = 12_288;
    private readonly SharedPins _pins = new();

    public static TheoryData<BufferShape, bool> Shapes
    {
        get
        {
            TheoryData<BufferShape, bool> data = [];
            foreach (BufferShape shape in Enum.GetValues<BufferShape>())
            {
                data.Add(shape, false);
                data.Add(shape, true);
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void AnyMemory_IsItsBytes_AndIsReleased_AndTheHoldingsAreUsedAgain(BufferShape shape, bool copied)
    {
        using DmIoClient client = new();
        using PagePool pool = new();
        using PageReservation reservation = pool.Reserve(3);
        RequestMemory holdings = new();
        byte[] bytes = Pattern.Bytes(Length);
        byte[] seen = new byte[Length];
        for (int round = 0; round < 3; round++)
        {
            // Its pages go back to their pool here, which throws while they are held.
            using ShapedBuffer shaped = new(client, shape, Length);
            shaped.Fill(bytes);
            PageList copy = copied ? pool.Rent(3) : default;
            RequestBuffer held = Keep(holdings, shaped.Buffer, copy);
            if (copied)
                shaped.Fill(new byte[Length]);
            fixed (byte* to = seen)
                held.CopyTo(held.Seek(0), to, Length);
            Assert.Equal(bytes, seen);
            Assert.Equal(copied ? 0 : 3, pool.Counters.Free);
            holdings.Release();
            Assert.Equal(3, pool.Counters.Free);
        }
    }

    [Fact]
    public void PagesInKeeping_CantBeReturned_UntilTheyAreReleased()
    {
        using PagePool pool = new();
        using PageReservation reservation = pool.Reserve(2);
        PageList pages = pool.Rent(2);
        RequestMemory holdings = new();
        holdings.Pin(pages, report: null);
        Assert.Throws<InvalidOperationException>(pages.Dispose);
        holdings.Release();
        holdings.Release();
        pages.Dispose();
        Assert.Equal(2, pool.Counters.Free);
    }

    /// <summary>The collector moves whatever is young and not pinned when garbage lies before it: the kernel would write into somebody else's memory.</summary>
    [Fact]
    public void AnArrayInKeeping_StaysWhereItIs_AndIsTheCollectorsAgainWhenItIsReleased()
    {
        RequestMemory holdings = new();
        for (int round = 0; round < 5; round++)
        {
            WeakReference array = PinAnArrayBehindGarbage(holdings, out nint at);
            GC.Collect(GC.MaxGeneration, GCCollectionMode.Forced, blocking: true, compacting: true);
            Assert.Equal(at, AddressOf(array));
            holdings.Release();
            GC.Collect();
            Assert.False(array.IsAlive);
        }
    }

    [Fact]
    public void PinnedMemory_IsUnpinnedOnce()
    {
        using CountingMemory memory = new(4096);
        RequestMemory holdings = new();
        holdings.Pin(IoBuffer.From(memory.Memory), report: null);
        Assert.Equal((1, 0), (memory.Pins, memory.Unpins));
        holdings.Release();
        holdings.Release();
        Assert.Equal((1, 1), (memory.Pins, memory.Unpins));
    }

    [Fact]
    public void ACopyOfMemoryThatIsGone_IsRefused_AndItsPagesGoBack()
    {
        using PagePool pool = new();
        using PageReservation reservation = pool.Reserve(1);
        IoMemory gone = IoMemory.Allocate(4096);
        IoBuffer buffer = gone;
        gone.Dispose();
        RequestMemory holdings = new();
        PageList copy = pool.Rent(1);
        Assert.Throws<ObjectDisposedException>(() => Keep(holdings, buffer, copy));
        holdings.Release();
        Assert.Equal(1, pool.Counters.Free);
    }

    [Fact]
    public void AReport_IsClearedWhenItIsTaken_AndForgottenWhenItIsReleased()
    {
        IoReport report = new();
        report.Add(new IoFailure(3, 0, 5, IoFailureCause.Device));
        RequestMemory holdings = new();
        holdings.Pin(default, report);
        Assert.Same(report, holdings.Report);
        Assert.Equal(IoFailureCause.None, report[3].Cause);
        holdings.Release();
        Assert.Null(holdings.Report);
    }

    /// <summary>What the fast path leaves out when it unpins, the slow path needs.</summary>
    [Fact]
    public void ReportOfAnArraysRequest_IsForgottenAtItsEnd()
    {
        RequestMemory holdings = new();
        holdings.Pin(new byte[4096], new IoReport());
        Assert.False(holdings.ReleaseContiguous());
        holdings.Release();
        Assert.Null(holdings.Report);

        Assert.True(holdings.TryPinContiguous(new byte[4096], _pins, out _));
        Assert.Null(holdings.Report);
        Assert.True(holdings.ReleaseContiguous());
    }

    [Fact]
    public void OnePiece_IsKeptWhereItIs_WhateverItIsMadeOf()
    {
        using PagePool pool = new();
        using PageReservation reservation = pool.Reserve(4);
        IoMemory owned = IoMemory.Allocate(8192);
        byte[] array = new byte[4096];
        RequestMemory holdings = new();

        byte* first = owned.FirstByte;
        AssertKept(holdings, owned.Slice(4096, 4096), first + 4096);
        AssertKept(holdings, owned.Memory.Slice(512, 512), first + 512);
        Assert.True(holdings.TryPinContiguous(owned, _pins, out _));
        owned.Dispose();
        first[8191] = 1;
        holdings.Release();
        Assert.False(holdings.TryPinContiguous(IoBuffer.Owned(owned, first, 4096), _pins, out _));

        // The first array makes what the others use.
        Assert.False(holdings.TryPinContiguous(array, _pins, out _));
        holdings.Pin(array, report: null);
        holdings.Release();
        for (int i = 0; i < 3; i++)
        {
            fixed (byte* expected = array)
                AssertKept(holdings, array.AsMemory(512 * i), expected + (512 * i));
        }

        PageList pages = pool.Rent(2);
        Assert.True(holdings.TryPinContiguous(IoBuffer.Pages(pages, 512), _pins, out byte* start));
        Assert.True(start == (byte*)pages.GetPointer(0) + 512);
        Assert.Throws<InvalidOperationException>(pages.Dispose);
        holdings.Release();
        pages.Dispose();
        Assert.False(holdings.TryPinContiguous(pages, _pins, out _));
        Assert.False(holdings.TryPinContiguous(IoBuffer.Pages(default), _pins, out _));
        Assert.Equal(4, pool.Counters.Free);
    }

    [Fact]
    public void PagesInPieces_AreNotOnePiece_AndNotKept()
    {
        using PagePool pool = new();
        using PageReservation reservation = pool.Reserve(16);
        PageList[] singles = [.. Enumerable.Range(0, 16).Select(_ => pool.Rent(1))];
        for (int i = 0; i < 16; i += 2)
            singles[i].Dispose();
        PageList scattered = pool.Rent(4);
        RequestMemory holdings = new();
        Assert.False(scattered.IsContiguous);
        Assert.False(holdings.TryPinContiguous(scattered, _pins, out _));
        scattered.Dispose();
    }

    private void AssertKept(RequestMemory holdings, IoBuffer buffer, byte* expected)
    {
        Assert.True(holdings.TryPinContiguous(buffer, _pins, out byte* start));
        Assert.True(start == expected);
        holdings.Release();
    }

    private static RequestBuffer Keep(RequestMemory holdings, in IoBuffer buffer, in PageList copy)
    {
        if (copy.Count > 0)
            holdings.TakeCopy(copy, 0, buffer.Length);
        return holdings.Pin(buffer, report: null);
    }

    /// <summary>Counts who pins it.</summary>
    private sealed class CountingMemory(int length) : MemoryManager<byte>
    {
        private readonly IoMemory _memory = IoMemory.Allocate(length);

        public int Pins { get; private set; }

        public int Unpins { get; private set; }

        public override Span<byte> GetSpan() => _memory.GetSpan();

        public override MemoryHandle Pin(int elementIndex = 0)
        {
            Pins++;
            return new MemoryHandle(_memory.Pointer, pinnable: this);
        }

        public override void Unpin() => Unpins++;

        protected override void Dispose(bool disposing) => _memory.Dispose();
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static WeakReference PinAnArrayBehindGarbage(RequestMemory holdings, out nint at)
    {
        for (int i = 0; i < 100; i++)
            GC.KeepAlive(new byte[100 + i]);
        byte[] array = new byte[4096];
        holdings.Pin(array, report: null);
        fixed (byte* first = array)
            at = (nint)first;
        return new WeakReference(array);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static nint AddressOf(WeakReference array)
    {
        fixed (byte* first = (byte[])array.Target!)
            return (nint)first;
    }
}
